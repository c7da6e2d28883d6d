// Calls of DynamoDB at Dynalite, an implementation of its protocol that is not ours.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import { recordSpans } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import { AwsSdkInstrumentation } from '../../packages/instrumentation-aws-sdk/src/index.ts';

const recorder = recordSpans();
const plugin = new AwsSdkInstrumentation();
const dynalite = require('dynalite') as (options: object) => Server;
const TableName = 'songs';
let server: Server;
let client: dynamodb.DynamoDBClient;
beforeAll(async () => {
  server = dynalite({ createTableMs: 0 }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = new dynamodb.DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 's3cr3t' },
  });
  await client.send(
    new dynamodb.CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await dynamodb.waitUntilTableExists({ client, minDelay: 1, maxWaitTime: 5 }, { TableName });
  plugin.instrument(dynamodb);
});
afterAll(async () => {
  plugin.disable();
  client.destroy();
  server.close();
  await once(server, 'close');
});

const itemOf = (id: string) => ({ id: { S: id }, title: { S: 's3cr3t' } });

test('items are stored in a batch, read, queried, and each page of a scan is a call', async () => {
  const requests = ['a', 'b', 'c'].map((id) => ({ PutRequest: { Item: itemOf(id) } }));
  await client.send(new dynamodb.BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
  const { Item } = await client.send(new dynamodb.GetItemCommand({ TableName, Key: { id: { S: 'a' } } }));
  expect(Item).toEqual(itemOf('a'));
  await client.send(
    new dynamodb.QueryCommand({
      TableName,
      KeyConditionExpression: 'id = :id',
      ExpressionAttributeValues: { ':id': { S: 'b' } },
    }),
  );
  let items = 0;
  for await (const { Count = 0 } of dynamodb.paginateScan({ client, pageSize: 2 }, { TableName }))
    items += Count;
  expect(items).toBe(3);
  const spans = await recorder.take(5);
  const COUNTS = ['db.operation.batch.size', 'aws.dynamodb.count', 'aws.dynamodb.limit'] as const;
  expect(spans.map(({ name, attributes }) => [name, ...COUNTS.map((key) => attributes[key])])).toEqual([
    ['DynamoDB.BatchWriteItem', 3, undefined, undefined],
    ['DynamoDB.GetItem', undefined, undefined, undefined],
    ['DynamoDB.Query', undefined, 1, undefined],
    ['DynamoDB.Scan', undefined, 2, 2],
    ['DynamoDB.Scan', undefined, 1, 2],
  ]);
  for (const { attributes, status } of spans) {
    expect(status.code).toBe(SpanStatusCode.UNSET);
    expect(attributes).toMatchObject({ 'db.collection.name': 'songs', 'http.response.status_code': 200 });
  }
  expect(JSON.stringify(spans.map(({ attributes, events }) => [attributes, events]))).not.toContain('s3cr3t');
});

test('an error has the name that the service gives it', async () => {
  const calls = [
    new dynamodb.PutItemCommand({
      TableName,
      Item: itemOf('a'),
      ConditionExpression: 'attribute_not_exists(id)',
    }),
    new dynamodb.DescribeTableCommand({ TableName: 'none' }),
    new dynamodb.GetItemCommand({ TableName, Key: { wrong: { S: 's3cr3t' } } }),
  ];
  for (const call of calls) await expect(client.send(call as dynamodb.GetItemCommand)).rejects.toThrow();
  const spans = await recorder.take(3);
  expect(spans.map(({ attributes, status }) => [attributes['error.type'], status.message])).toEqual([
    ['ConditionalCheckFailedException', 'status 400'],
    ['ResourceNotFoundException', 'status 400'],
    ['ValidationException', 'status 400'],
  ]);
});

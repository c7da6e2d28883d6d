// The plugin passes the suite for clients of SDKs with the client of DynamoDB.
import { join } from 'node:path';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import { clientSuite, manifestSuite } from '@clew/testing';
import { AwsSdkInstrumentation } from '../src/index.ts';
import { clientOf } from './connected.ts';

manifestSuite(join(__dirname, '..'), { AwsSdkInstrumentation });

clientSuite({
  name: '@aws-sdk/client-dynamodb 3',
  span: {
    name: 'DynamoDB.Query',
    attributes: {
      'rpc.system.name': 'aws-api',
      'rpc.method': 'DynamoDB/Query',
      'cloud.region': 'eu-north-1',
      'aws.request_id': 'REQUEST-1',
      'db.system.name': 'aws.dynamodb',
      'db.operation.name': 'Query',
      'db.collection.name': 'songs',
      'aws.dynamodb.table_names': ['songs'],
      'aws.dynamodb.count': 1,
      'aws.dynamodb.scanned_count': 2,
      'server.address': 'db.example',
      'server.port': 8000,
    },
  },
  failureType: 'ValidationException',
  retries: true,
  lacks: {
    stream: 'no result of DynamoDB is a stream',
    tee: 'no result of DynamoDB is a stream',
    callWithToken: 'the client has credentials',
    lazy: 'the client sends its request at once',
    refused: 'the client reports all errors by its promise',
  },
  instrument: (options) => {
    const plugin = new AwsSdkInstrumentation(options);
    plugin.instrument(dynamodb);
    return plugin;
  },
  functions: () => [dynamodb.__Client.prototype.send],
  open: async (transport) => {
    let pages = 0;
    const client = clientOf(transport, () => (--pages > 0 ? { LastEvaluatedKey: { id: { S: '1' } } } : {}));
    const input = {
      TableName: 'songs',
      KeyConditionExpression: 'id = :id',
      ExpressionAttributeValues: { ':id': { S: 's3cr3t' } },
    };
    return {
      call: (options) =>
        client.send(
          new dynamodb.QueryCommand(input),
          options?.signal === undefined ? {} : { abortSignal: options.signal },
        ),
      pages: (count) => {
        pages = count;
        return dynamodb.paginateQuery({ client }, input);
      },
      close: async () => client.destroy(),
    };
  },
});

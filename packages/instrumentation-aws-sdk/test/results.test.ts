// Callbacks, aggregated clients, bodies of S3, and what is never recorded.
import { Readable } from 'node:stream';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import * as s3 from '@aws-sdk/client-s3';
import { recordSpans } from '@clew/testing';
import { AwsSdkInstrumentation } from '../src/index.ts';
import { credentials, responseOf } from './connected.ts';

const recorder = recordSpans();
let plugin: AwsSdkInstrumentation;

beforeEach(() => {
  plugin = new AwsSdkInstrumentation();
  plugin.instrument(s3);
});
afterEach(() => plugin.disable());

function config(respond: () => object) {
  return {
    region: 'eu-north-1',
    endpoint: 'http://127.0.0.1:9',
    credentials,
    requestHandler: { handle: async () => respond() } as never,
  };
}

function bucket(body: Readable): s3.S3 {
  const headers = { 'content-length': '6', 'x-amz-request-id': 'REQUEST-2', 'x-amz-id-2': 'EXTENDED-2' };
  return new s3.S3({
    ...config(() => ({ response: { ...responseOf(200, '', headers).response, body } })),
    forcePathStyle: true,
  });
}

const object = { Bucket: 'songs', Key: 'ariadne' };

test('the span of an object ends when its body has been read', async () => {
  const { Body } = await bucket(Readable.from([Buffer.from('s3cr3t')])).getObject(object);
  expect(recorder.open()).toHaveLength(1);
  expect(await Body?.transformToString()).toBe('s3cr3t');
  const [span] = await recorder.take(1);
  expect(span).toMatchObject({ name: 'S3.GetObject', status: { code: 0 } });
  expect(span?.attributes).toMatchObject({
    'rpc.method': 'S3/GetObject',
    'aws.s3.bucket': 'songs',
    'aws.s3.key': 'ariadne',
    'aws.request_id': 'REQUEST-2',
    'aws.extended_request_id': 'EXTENDED-2',
    'http.response.status_code': 200,
  });
});

test('an object whose body is destroyed is abandoned, not failed', async () => {
  const { Body } = await bucket(new Readable({ read() {} })).getObject(object);
  (Body as Readable).destroy();
  const [span] = await recorder.take(1);
  expect(span).toMatchObject({ status: { code: 0 } });
  expect(span?.attributes).toMatchObject({ 'clew.client.incomplete': 'abandoned' });
});

test('the request to the region of a bucket is a redirect, and one to the same host is a retry', async () => {
  const replies = [
    responseOf(503, '<Error><Code>SlowDown</Code></Error>'),
    responseOf(301, '<Error><Code>PermanentRedirect</Code></Error>', { 'x-amz-bucket-region': 'eu-west-1' }),
    responseOf(200, ''),
  ];
  const { endpoint: _, ...settings } = config(() => replies.shift() as object);
  await new s3.S3({ ...settings, followRegionRedirects: true }).headBucket({ Bucket: 'songs' });
  const [span] = await recorder.take(1);
  expect(span?.events.map((event) => event.name)).toEqual(['retry', 'redirect']);
  expect(span?.attributes['server.address']).toBe('songs.s3.eu-west-1.amazonaws.com');
  expect(span?.status.code).toBe(0);
});

for (const [name, more] of [
  ['a callback', []],
  ['options and a callback', [{}]],
] as const) {
  test(`a call with ${name} ends with the callback, which gets the result and the error`, async () => {
    const replies = [
      responseOf(200, { TableNames: ['songs'] }),
      responseOf(400, { __type: 'aws#ResourceNotFoundException', message: 'no s3cr3t' }),
    ];
    const db = new DynamoDB(config(() => replies.shift() as object));
    const call = () =>
      new Promise((resolve) =>
        (db.listTables as (...args: unknown[]) => void)({}, ...more, (error: unknown, output: unknown) =>
          resolve(error ?? output),
        ),
      );
    expect(await call()).toMatchObject({ TableNames: ['songs'] });
    expect(await call()).toMatchObject({ name: 'ResourceNotFoundException', message: 'no s3cr3t' });
    const [good, bad] = await recorder.take(2);
    expect(good?.attributes).toMatchObject({ 'aws.dynamodb.table_count': 1 });
    expect(bad?.status.code).toBe(2);
    expect(bad?.attributes).toMatchObject({
      'error.type': 'ResourceNotFoundException',
      'http.response.status_code': 400,
    });
  });
}

test('credentials, items, values and messages of errors are not recorded', async () => {
  const failure = () => responseOf(400, { __type: 'aws#ValidationException', message: 's3cr3t' });
  const db = new DynamoDB(config(failure));
  const Item = { id: { S: 's3cr3t' } };
  const values = { ':id': { S: 's3cr3t' } };
  await Promise.allSettled([
    db.putItem({ TableName: 'songs', Item }),
    db.getItem({ TableName: 'songs', Key: Item }),
    db.query({ TableName: 'songs', KeyConditionExpression: 'id = :id', ExpressionAttributeValues: values }),
    db.batchWriteItem({ RequestItems: { songs: [{ PutRequest: { Item } }, { PutRequest: { Item } }] } }),
  ]);
  const spans = await recorder.take(4);
  const recorded = JSON.stringify(
    spans.map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
  );
  expect(recorded).toContain('ValidationException');
  expect(recorded).not.toMatch(/s3cr3t/i);
  expect(spans.map((span) => span.attributes['db.operation.batch.size'])).toContain(2);
});

// Calls of Kinesis at a server that speaks its protocol over HTTP/2, as the client does by default.
import { Buffer } from 'node:buffer';
import * as kinesis from '@aws-sdk/client-kinesis';
import { callerSpan, recordSpans, within } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import { AwsSdkInstrumentation } from '../../packages/instrumentation-aws-sdk/src/index.ts';
import { startKinesisServer } from './servers/kinesis-server.ts';

const recorder = recordSpans();
const plugin = new AwsSdkInstrumentation({ propagateThrough: ['Kinesis'] });
let server: Awaited<ReturnType<typeof startKinesisServer>>;
let client: kinesis.KinesisClient;
beforeAll(async () => {
  plugin.instrument(kinesis);
  server = await startKinesisServer();
  client = new kinesis.KinesisClient({ ...server.client, maxAttempts: 3 });
  await client.send(new kinesis.CreateStreamCommand({ StreamName: 'songs', ShardCount: 1 }));
});
beforeEach(() => recorder.reset());
afterAll(async () => {
  client.destroy();
  plugin.disable();
  await server.close();
});

const record = (PartitionKey: string, text: string) => ({ PartitionKey, Data: Buffer.from(text) });
const put = (StreamName = 'songs') =>
  client.send(new kinesis.PutRecordCommand({ StreamName, ...record('k', '{"pin":"s3cr3t"}') }));

test('records are put and read, with the context of their sender', async () => {
  const caller = callerSpan();
  await within(caller, () => put());
  caller.end();
  const { ShardIterator } = await client.send(
    new kinesis.GetShardIteratorCommand({
      StreamName: 'songs',
      ShardId: 'shardId-000000000000',
      ShardIteratorType: 'TRIM_HORIZON',
    }),
  );
  const { Records = [] } = await client.send(new kinesis.GetRecordsCommand({ ShardIterator }));
  const spans = await recorder.take(4);
  expect(spans.slice(1).map(({ name, status }) => [name, status.code])).toEqual([
    ['Kinesis.PutRecord', SpanStatusCode.UNSET],
    ['Kinesis.GetShardIterator', SpanStatusCode.UNSET],
    ['Kinesis.GetRecords', SpanStatusCode.UNSET],
  ]);
  expect(spans[1]!.attributes['aws.kinesis.stream_name']).toBe('songs');
  expect(spans[1]!.parentSpanId).toBe(spans[0]!.spanId);
  const { _context, ...rest } = JSON.parse(Buffer.from(Records[0]!.Data!).toString());
  expect(rest).toEqual({ pin: 's3cr3t' });
  expect(_context.traceparent).toContain(spans[1]!.spanId);
});

test('records that are refused are counted, and the call has not failed', async () => {
  server.refuse('b');
  await client.send(
    new kinesis.PutRecordsCommand({ StreamName: 'songs', Records: [record('a', 'one'), record('b', 'two')] }),
  );
  const [span] = await recorder.take(1);
  expect(server.dataOf('songs').at(-1)).toBe('one');
  expect(span!.attributes).toMatchObject({ 'clew.aws.failed_entries': 1 });
  expect(span!.status.code).toBe(SpanStatusCode.UNSET);
});

test('an error has its name, and a request that is throttled is retried', async () => {
  await expect(put('none')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  server.throttle(1);
  await put();
  server.throttle(3);
  await expect(put()).rejects.toMatchObject({ $metadata: { attempts: 3 } });
  const spans = await recorder.take(3);
  expect(spans.map(({ events }) => events.map(({ name }) => name))).toEqual([
    ['exception'],
    ['retry'],
    ['retry', 'retry', 'exception'],
  ]);
  expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual([
    'ResourceNotFoundException',
    undefined,
    'ProvisionedThroughputExceededException',
  ]);
});

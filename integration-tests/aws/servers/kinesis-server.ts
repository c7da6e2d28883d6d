import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { AwsError } from './aws-error.ts';

interface Row {
  readonly Data: string;
  readonly PartitionKey: string;
  readonly SequenceNumber: string;
}

interface Input {
  readonly StreamName?: string;
  readonly Data?: string;
  readonly PartitionKey?: string;
  readonly Records?: readonly { readonly Data: string; readonly PartitionKey: string }[];
  readonly ShardIterator?: string;
  readonly Limit?: number;
}

const SHARD = 'shardId-000000000000';

/**
 * Starts a server for Kinesis: AWS JSON 1.1 over HTTP/2, as its client sends it. Each stream has one shard.
 * Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/
 */
export async function startKinesisServer() {
  const streams = new Map<string, Row[]>();
  const throttled: string[] = [];
  const sessions = new Set<ServerHttp2Session>();
  /** The partition keys of records that the next `PutRecords` refuses. */
  const refused = new Set<string>();

  function rowsOf(name = ''): Row[] {
    const rows = streams.get(name);
    if (rows === undefined) throw new AwsError('ResourceNotFoundException', `Stream ${name} not found.`);
    return rows;
  }

  function put(rows: Row[], Data = '', PartitionKey = ''): object {
    if (refused.delete(PartitionKey))
      return { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded.' };
    const SequenceNumber = String(rows.length + 1).padStart(10, '0');
    rows.push({ Data, PartitionKey, SequenceNumber });
    return { ShardId: SHARD, SequenceNumber };
  }

  function act(action: string, input: Input): object {
    switch (action) {
      case 'CreateStream':
        streams.set(input.StreamName ?? '', []);
        return {};
      case 'PutRecord':
        return put(rowsOf(input.StreamName), input.Data, input.PartitionKey);
      case 'PutRecords': {
        const rows = rowsOf(input.StreamName);
        const Records = (input.Records ?? []).map(({ Data, PartitionKey }) => put(rows, Data, PartitionKey));
        return { FailedRecordCount: Records.filter((each) => 'ErrorCode' in each).length, Records };
      }
      case 'GetShardIterator':
        rowsOf(input.StreamName);
        return { ShardIterator: `${input.StreamName}/0` };
      case 'GetRecords': {
        const [name, from] = (input.ShardIterator ?? '').split('/');
        const Records = rowsOf(name).slice(Number(from), Number(from) + (input.Limit ?? 1000));
        return {
          Records,
          NextShardIterator: `${name}/${Number(from) + Records.length}`,
          MillisBehindLatest: 0,
        };
      }
      default:
        throw new AwsError('UnknownOperationException', `${action} is not known`);
    }
  }

  async function respond(stream: ServerHttp2Stream, target: string): Promise<void> {
    const action = target.split('.')[1] ?? '';
    const input = JSON.parse(await text(stream)) as Input;
    let status = 200;
    let body: object;
    try {
      if (throttled.shift() !== undefined)
        throw new AwsError('ProvisionedThroughputExceededException', 'Rate exceeded for shard.');
      body = act(action, input);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      status = error.status;
      body = { __type: error.code, message: error.message };
    }
    stream.respond({
      ':status': status,
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': randomUUID(),
    });
    stream.end(JSON.stringify(body));
  }

  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => void respond(stream, String(headers['x-amz-target'])));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    /** The next requests are throttled. */
    throttle: (count: number) => void throttled.push(...Array(count).fill('')),
    /** The next record with this partition key is refused. */
    refuse: (partitionKey: string) => void refused.add(partitionKey),
    /** The data of all records of a stream. */
    dataOf: (name: string) => rowsOf(name).map(({ Data }) => Buffer.from(Data, 'base64').toString()),
    /** The settings of a client. */
    client: {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 's3cr3t' },
    },
    async close() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

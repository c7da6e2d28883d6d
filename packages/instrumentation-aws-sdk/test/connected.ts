import { Readable } from 'node:stream';
import type { DynamoDBClient, DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { SdkReply, SdkTransport } from '@clew/testing';

type Handler = Exclude<NonNullable<DynamoDBClientConfig['requestHandler']>, Record<string, unknown>>;

/** A response of the SDK's own handler. */
export function responseOf(statusCode: number, body: object | string, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { response: { statusCode, headers, reason: '', body: Readable.from([Buffer.from(text)]) } };
}

const BODIES = {
  result: { status: 200, body: { TableNames: ['songs'], Count: 1, ScannedCount: 2, Items: [] } },
  failure: {
    status: 400,
    body: { __type: 'com.amazonaws.dynamodb#ValidationException', message: 'The value "s3cr3t" is refused' },
  },
  busy: { status: 503, body: { __type: 'com.amazonaws.dynamodb#ServiceUnavailable', message: 's3cr3t' } },
} as const;

export const credentials = { accessKeyId: 'AKIAS3CR3T', secretAccessKey: 's3cr3t', sessionToken: 's3cr3t' };

/** Creates a client that sends its requests with the given function. `more` returns members of each result. */
export function clientOf(
  Client: typeof DynamoDBClient,
  transport: SdkTransport,
  more: () => object,
): DynamoDBClient {
  const handler = {
    async handle(_request: unknown, options: { readonly abortSignal?: AbortSignal } = {}) {
      const { abortSignal: signal } = options;
      let reply: SdkReply;
      try {
        reply = await transport({ signal });
        signal?.throwIfAborted();
      } catch {
        // Like the SDK's own handler.
        throw Object.assign(new Error('Request aborted'), { name: 'AbortError' });
      }
      const { status, body } = BODIES[reply.kind as 'result'];
      return responseOf(status, status === 200 ? { ...body, ...more() } : body, {
        'content-type': 'application/x-amz-json-1.0',
        'x-amzn-requestid': 'REQUEST-1',
      });
    },
  };
  return new Client({
    region: 'eu-north-1',
    endpoint: 'http://db.example:8000',
    credentials,
    maxAttempts: 3,
    requestHandler: handler as unknown as Handler,
  });
}

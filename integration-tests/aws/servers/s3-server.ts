import { Buffer } from 'node:buffer';
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { listenOn } from '@clew/testing';
import { AwsError } from './aws-error.ts';
import { toXml } from './query-protocol.ts';

/** What goes wrong with a request. */
export type S3Fault =
  /** The service refuses the request: the SDK retries it. */
  | 'throttle'
  /** The status is 200, and the body is an error: S3 has sent the status before it knew. */
  | 'error-in-success'
  /** The connection breaks after the first half of the body. */
  | 'reset-in-body';

interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

type Bucket = Map<string, Buffer>;

const XMLNS = 'http://s3.amazonaws.com/doc/2006-03-01/';
const MAX_KEYS = 1000;

/** Starts a server with the REST protocol of S3, with buckets in the path. */
export async function startS3Server() {
  const buckets = new Map<string, Bucket>();
  const uploads = new Map<string, Buffer[]>();
  const faults: S3Fault[] = [];
  let requests = 0;

  function bucketOf(name: string): Bucket {
    const bucket = buckets.get(name);
    if (bucket === undefined) throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
    return bucket;
  }

  function onBucket(method: string, name: string, query: URLSearchParams): Reply {
    if (method === 'GET') return list(name, bucketOf(name), query);
    if (buckets.has(name))
      throw new AwsError('BucketAlreadyOwnedByYou', 'Your previous request created the bucket', 409);
    buckets.set(name, new Map());
    return { headers: { location: `/${name}` } };
  }

  function onObject(method: string, name: string, key: string, query: URLSearchParams, body: Buffer): Reply {
    const bucket = bucketOf(name);
    const upload = query.get('uploadId');
    if (query.has('uploads')) {
      const UploadId = randomUUID();
      uploads.set(UploadId, []);
      return xml('InitiateMultipartUploadResult', { Bucket: name, Key: key, UploadId });
    }
    if (upload !== null) {
      const parts = uploads.get(upload);
      if (parts === undefined) throw new AwsError('NoSuchUpload', 'The specified upload does not exist', 404);
      if (method === 'PUT') {
        parts[Number(query.get('partNumber')) - 1] = body;
        return { headers: { etag: etagOf(body) } };
      }
      const whole = Buffer.concat(parts);
      bucket.set(key, whole);
      return xml('CompleteMultipartUploadResult', { Bucket: name, Key: key, ETag: etagOf(whole) });
    }
    if (method === 'PUT') {
      bucket.set(key, body);
      return { headers: { etag: etagOf(body) } };
    }
    if (method === 'DELETE') {
      bucket.delete(key);
      return { status: 204 };
    }
    const object = bucket.get(key);
    if (object === undefined) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
    return { headers: { etag: etagOf(object) }, body: object };
  }

  const server = createServer(async (request, response) => {
    requests++;
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const [, bucket = '', ...rest] = pathname.split('/').map(decodeURIComponent);
    const { method = 'GET' } = request;
    const body = await bodyOf(request);
    const fault = faults.shift();
    try {
      if (fault === 'throttle') throw new AwsError('SlowDown', 'Please reduce your request rate.', 503);
      const key = rest.join('/');
      const reply =
        key === ''
          ? onBucket(method, bucket, searchParams)
          : onObject(method, bucket, key, searchParams, body);
      if (fault === 'error-in-success')
        return send(
          response,
          failure(new AwsError('InternalError', 'We encountered an internal error.', 200)),
        );
      send(response, reply, fault === 'reset-in-body');
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      send(response, failure(error));
    }
  });
  const { url, close } = await listenOn(server);
  return {
    /** The next requests have these faults, one each. */
    fail: (...next: readonly S3Fault[]) => void faults.push(...next),
    /** The number of requests so far. */
    requests: () => requests,
    /** The settings of a client. */
    client: {
      endpoint: url,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 's3cr3t' },
    },
    close,
  };
}

export type S3Server = Awaited<ReturnType<typeof startS3Server>>;

function list(name: string, bucket: Bucket, query: URLSearchParams): Reply {
  const after = query.get('continuation-token') ?? '';
  const size = Number(query.get('max-keys') ?? MAX_KEYS);
  const keys = [...bucket.keys()].sort().filter((key) => key > after);
  const page = keys.slice(0, size);
  const isTruncated = keys.length > size;
  return xml(
    'ListBucketResult',
    {
      Name: name,
      KeyCount: page.length,
      IsTruncated: isTruncated,
      NextContinuationToken: isTruncated ? page.at(-1) : undefined,
      Contents: page.map((Key) => ({ Key, Size: bucket.get(Key)?.length })),
    },
    { Contents: 'Contents' },
  );
}

function xml(name: string, value: object, lists: Readonly<Record<string, string>> = {}): Reply {
  const root = toXml(name, value, lists).replace(`<${name}>`, `<${name} xmlns="${XMLNS}">`);
  return { headers: { 'content-type': 'application/xml' }, body: root };
}

function failure({ code, message, status }: AwsError): Reply {
  return { ...xml('Error', { Code: code, Message: message, RequestId: randomUUID() }), status };
}

function send(response: ServerResponse, reply: Reply, breaksOff = false): void {
  const { status = 200, headers, body = '' } = reply;
  // A response to HEAD has the length of the body that it does not have.
  const isHead = response.req.method === 'HEAD';
  response.writeHead(status, {
    'x-amz-request-id': randomUUID(),
    'x-amz-id-2': 'extended',
    ...(status !== 204 && { 'content-length': Buffer.byteLength(body) }),
    ...headers,
  });
  if (breaksOff) response.write(body.slice(0, body.length / 2), () => response.destroy());
  else response.end(isHead ? undefined : body);
}

function etagOf(content: Buffer): string {
  return `"${createHash('md5').update(content).digest('hex')}"`;
}

/**
 * The content of a request. A stream is sent in chunks with its checksum behind them.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const body = await buffer(request);
  if (!request.headers['content-encoding']?.includes('aws-chunked')) return body;
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, lineEnd), 16);
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

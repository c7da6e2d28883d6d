// Started by `deliverLast` when a process exits, in a child process or worker thread: posts the given batches.
import { Buffer } from 'node:buffer';
import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isMainThread, workerData } from 'node:worker_threads';

interface Head {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: RequestOptions;
  readonly timeoutMs: number;
  readonly lengths: readonly number[];
}

if (isMainThread) {
  const chunks: Buffer[] = [];
  process.stdin.on('data', (chunk: Buffer) => chunks.push(chunk));
  process.stdin.on('end', async () => {
    process.exitCode = (await postAll(Buffer.concat(chunks))) ? 0 : 1;
  });
} else {
  const { input, done } = workerData as { input: Uint8Array; done: Int32Array };
  void postAll(Buffer.from(input.buffer, input.byteOffset, input.byteLength)).then((taken) => {
    Atomics.store(done, 0, taken ? 1 : 2);
    Atomics.notify(done, 0);
  });
}

/** Resolves to whether the receiver accepted all batches. */
async function postAll(input: Buffer): Promise<boolean> {
  const end = input.indexOf('\n');
  const head = JSON.parse(input.toString('utf8', 0, end)) as Head;
  let start = end + 1;
  const posts = head.lengths.map((length) => {
    const body = input.subarray(start, start + length);
    start += length;
    return post(head, body);
  });
  return (await Promise.all(posts)).every(Boolean);
}

function post({ url, headers, tls, timeoutMs }: Head, body: Buffer): Promise<boolean> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  const options = {
    method: 'POST',
    headers: { ...headers, 'content-length': body.length },
    timeout: timeoutMs,
    ...tls,
  };
  return new Promise((resolve) => {
    const sent = request(url, options, (response) => {
      const { statusCode = 0 } = response;
      response.resume();
      resolve(statusCode >= 200 && statusCode < 300);
    });
    sent.on('error', () => resolve(false));
    sent.on('timeout', () => sent.destroy());
    sent.end(body);
  });
}

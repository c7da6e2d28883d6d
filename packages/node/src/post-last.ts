// Started by `deliverLast` at the end of a program: reads what is left from standard input and posts it.
import { Buffer } from 'node:buffer';
import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

interface Head {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: RequestOptions;
  readonly timeoutMs: number;
  readonly lengths: readonly number[];
}

const chunks: Buffer[] = [];
process.stdin.on('data', (chunk: Buffer) => chunks.push(chunk));
process.stdin.on('end', () => {
  const input = Buffer.concat(chunks);
  const end = input.indexOf('\n');
  const head = JSON.parse(input.toString('utf8', 0, end)) as Head;
  let start = end + 1;
  for (const length of head.lengths) {
    post(head, input.subarray(start, start + length));
    start += length;
  }
});

function post({ url, headers, tls, timeoutMs }: Head, body: Buffer): void {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  const options = {
    method: 'POST',
    headers: { ...headers, 'content-length': body.length },
    timeout: timeoutMs,
    ...tls,
  };
  const sent = request(url, options, (response) => response.resume());
  sent.on('error', () => {});
  sent.on('timeout', () => sent.destroy());
  sent.end(body);
}

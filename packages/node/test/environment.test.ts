import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { decodeTraces, type SpanRecord } from '@clew/viewer';
import { program, run, TYPESCRIPT } from './child.ts';
import { RIGHT, type Seen, WRONG } from './environment-cases.ts';

interface Request {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly spans: readonly SpanRecord[];
}

let receiver: Server;
const requests: Request[] = [];
let seen: Omit<Seen, 'request'>[];

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    const raw = await buffer(request);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    requests.push({
      path: request.url ?? '',
      headers: request.headers as Record<string, string>,
      spans: decodeTraces(body, request.headers['content-type'] ?? ''),
    });
    response.end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  const { stdout, stderr } = await run([
    ...TYPESCRIPT,
    program('environment.ts'),
    `http://127.0.0.1:${port}`,
  ]);
  expect(stderr).toBe('');
  seen = JSON.parse(stdout);
});
afterAll(() => void receiver.close());

/** What the program observed in one case, with the request that delivered the span of that case. */
function turn(index: number): Seen {
  for (const { path, headers, spans } of requests) {
    const span = spans.find(({ name }) => name === `case ${index}`);
    if (span === undefined) continue;
    return { ...seen[index]!, request: { path, headers, resource: span.resource.attributes, span } };
  }
  return { ...seen[index]!, request: null };
}

describe('environment variables', () => {
  test.each(RIGHT.map(([variables, look, expected], index) => [variables, expected, look, index] as const))(
    '%j give %j',
    (_variables, expected, look, index) => {
      expect(look(turn(index))).toEqual(expected);
      expect(turn(index).warnings).toEqual([]);
    },
  );
});

describe('invalid environment variables', () => {
  test.each(WRONG.map(([variables, warning], index) => [variables, warning, index] as const))(
    '%j log one warning and have no effect',
    (_variables, warning, index) => {
      const { warnings, request, sampled, sent } = turn(RIGHT.length + index);
      expect(warnings).toEqual([
        warning.startsWith('@clew') ? warning : expect.stringMatching(new RegExp(warning)),
      ]);
      expect(request?.path).toBe('/v1/traces');
      expect(sampled.roots).toBe(50);
      expect(sent).toEqual(['baggage', 'traceparent']);
    },
  );
});

import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram, startProgram } from '../run-program.ts';

// The example of docs/logs.md: a service with pino, pino's transport for OpenTelemetry, and the viewer.

const root = join(__dirname, '..', '..');
const [, example = ''] =
  /^```js\n(.*?)^```/ms.exec(readFileSync(join(root, 'docs', 'logs.md'), 'utf8')) ?? [];
// Inside the folder, so that its packages are found.
const file = join(__dirname, 'shop-of-the-docs.mjs');

/** Prints the port in a line of its own, and lets the service end with the standard input. */
const CONTROL = `
server.on('listening', () => console.log('port ' + server.address().port));
process.stdin.resume().on('end', () => server.close());
`;

let collector: Collector;
beforeAll(async () => {
  writeFileSync(file, example + CONTROL);
  collector = await startCollector({ port: 0 });
});
afterAll(async () => {
  rmSync(file, { force: true });
  await collector.close();
});

async function requestToShop(variables: Record<string, string> = {}): Promise<string[]> {
  const child = startProgram(['--import', '@clew/node/register', file], {
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: 'shop',
      PORT: '0',
      NODE_NO_WARNINGS: '1',
      ...variables,
    },
  });
  const errors = text(child.stderr!);
  const lines: string[] = [];
  let ended = false;
  for await (const line of createInterface(child.stdout!)) {
    lines.push(line);
    const [, port] = /^port (\d+)$/.exec(line) ?? [];
    if (port !== undefined && !ended) {
      expect(await (await fetch(`http://127.0.0.1:${port}/orders`)).text()).toBe('sorry');
      child.stdin!.end();
      ended = true;
    }
  }
  if (child.exitCode === null) await once(child, 'exit');
  expect([child.exitCode, await errors]).toEqual([0, '']);
  return lines;
}

test('the records of pino arrive with the ids of their request, and are shown below its span', async () => {
  const lines = await requestToShop();
  const [summary, ...others] = collector.store.traces();
  expect(others).toEqual([]);
  const { spans, logs = [] } = collector.store.trace(summary!.traceId)!;
  expect(spans.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['SERVER GET']);
  expect(
    logs.map(({ spanId, severityText, severityNumber, body }) => [
      spanId,
      severityText,
      severityNumber,
      body,
    ]),
  ).toEqual([
    [spans[0]!.spanId, 'info', 9, 'order received'],
    [spans[0]!.spanId, 'error', 17, 'order failed'],
  ]);
  expect(logs[0]!.attributes).toEqual({ path: '/orders' });
  expect(logs[1]!.attributes.err).toMatchObject({ message: 'out of stock' });
  expect(logs[0]!.resource.attributes['service.name']).toBe('shop');
  const written = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  expect(written.map(({ msg, trace_id }) => [msg, trace_id])).toEqual([
    ['order received', summary!.traceId],
    ['order failed', summary!.traceId],
  ]);
  const { stdout } = await runProgram([CLEW, 'show', '--logs', '--from', collector.url]);
  expect(stdout).toMatch(
    /^GET ≡2 +shop +SRV .*\n {4}≡ info at .*: order received\n {4}≡ error at .*: order failed\n$/m,
  );
});

const CLEW = join(root, 'packages', 'viewer', 'dist', 'cli.js');

test('records of an unsampled trace arrive too, and are stored although its spans never arrive', async () => {
  const before = collector.store.counts();
  await requestToShop({ OTEL_TRACES_SAMPLER: 'always_off' });
  const { traces, logs } = collector.store.counts();
  expect([traces - before.traces, logs - before.logs]).toEqual([0, 2]);
});

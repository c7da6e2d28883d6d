import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TracerStats } from '@clew/tracer';
import { inParallel, startProgram } from '../run-program.ts';
import { BAD_COLLECTORS } from './bad-collectors.ts';

type Stats = TracerStats & { readonly bytesHeld: number };

const WARM_UP = 200;
const REQUESTS = 1000;
/** Each span records this query: without a limit, the spans of one run would take 8 MB. */
const QUERY = 'x'.repeat(8000);
const QUEUE_BYTES = 262_144;

interface Outcome {
  readonly responses: readonly string[];
  readonly before: Stats;
  readonly after: Stats;
  readonly stderr: string;
  readonly end: readonly unknown[];
  readonly accepted: number;
}

/** Runs the traced server under load with a collector, then ends it with a signal. */
async function load(name: string, variables: Record<string, string> = {}): Promise<Outcome> {
  const collector = await BAD_COLLECTORS[name]!();
  const program = join(__dirname, 'server.mjs');
  const child = startProgram(['--expose-gc', '--import', '@clew/node/register', program], {
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      CLEW_QUEUE_MAX_BYTES: String(QUEUE_BYTES),
      CLEW_FLUSH_TIMEOUT_MS: '300',
      ...variables,
    },
  });
  const stderr = text(child.stderr!);
  const ended = once(child, 'close');
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const url = `http://127.0.0.1:${/port (\d+)/.exec(String(line))?.[1]}`;
  const request = async (path: string) => (await fetch(url + path)).text();
  const stats = async () => JSON.parse(await request('/stats')) as Stats;
  const requestMany = (count: number) => inParallel(8, Array(count).fill(`/orders?${QUERY}`), request);

  const responses = await requestMany(WARM_UP);
  const before = await stats();
  responses.push(...(await requestMany(REQUESTS)));
  const after = await stats();
  child.kill('SIGTERM');
  const end = await ended;
  const accepted = collector.accepted();
  await collector.close();
  return { responses, before, after, stderr: await stderr, end, accepted };
}

const names = Object.keys(BAD_COLLECTORS);
let outcomes: Map<string, Outcome>;

beforeAll(async () => {
  const results = await inParallel(2, names, (name) => load(name));
  outcomes = new Map(names.map((name, index) => [name, results[index] as Outcome]));
}, 120_000);

const sum = (dropped: Stats['dropped']) => Object.values(dropped).reduce((a, b) => a + b, 0);

describe.each(names)('with a collector that %s', (name) => {
  test('the application responds as usual and ends on SIGTERM', () => {
    const { responses, end } = outcomes.get(name)!;
    expect(responses).toEqual(Array(WARM_UP + REQUESTS).fill('ok'));
    expect(end).toEqual([null, 'SIGTERM']);
  });

  test('the memory for spans stays within its limit', () => {
    const { before, after } = outcomes.get(name)!;
    // The limit does not include the resource attributes of the batch that was closed last.
    expect(after.bytesQueued).toBeLessThanOrEqual(QUEUE_BYTES + 2048);
    expect(after.bytesHeld - before.bytesHeld).toBeLessThan(4_000_000);
  });

  test('every span is exported, queued or counted as dropped', () => {
    const { after } = outcomes.get(name)!;
    expect(after.spansEnded).toBe(WARM_UP + REQUESTS + 1);
    expect(after.spansExported + after.spansQueued + sum(after.dropped)).toBe(after.spansEnded);
  });

  test('standard error has one line for each problem, not one for each span', () => {
    const lines = outcomes
      .get(name)!
      .stderr.split('\n')
      .filter((line) => line !== '');
    const causes = lines.map((line) => line.replace(/\d+/g, 'N').replace(/\(E[A-Z]+.*?\)/, '()'));
    for (const line of lines) expect(line).toMatch(/^clew warn: @clew\/tracer: /);
    expect(new Set(causes).size).toBe(causes.length);
    expect(lines.length).toBeLessThanOrEqual(4);
  });
});

test.each([
  ['is unreachable', 'queueFull'],
  ['responds with 503', 'queueFull'],
  ['never responds', 'queueFull'],
  ['responds with garbage', 'queueFull'],
  ['resets connections', 'queueFull'],
  ['responds with 400', 'rejected'],
  ['redirects to another address', 'rejected'],
] as const)('spans for a collector that %s are dropped with the cause %s', (name, cause) => {
  const { after, accepted } = outcomes.get(name)!;
  expect(after.dropped[cause]).toBeGreaterThan(0);
  expect([after.spansExported, accepted]).toEqual([0, 0]);
});

test('a batch that can’t be delivered in time is dropped and counted as retriesExhausted', async () => {
  const { after } = await load('responds with 503', { OTEL_BSP_EXPORT_TIMEOUT: '1' });
  expect(after.dropped.retriesExhausted).toBeGreaterThan(0);
});

test.each(['is slow', 'responds with 429 and Retry-After, twice'])(
  'no span is dropped for a collector that %s while the queue is not full',
  async (name) => {
    const { after, accepted } = await load(name, {
      CLEW_QUEUE_MAX_BYTES: String(64 * 1024 * 1024),
      CLEW_FLUSH_TIMEOUT_MS: '60000',
    });
    expect(sum(after.dropped)).toBe(0);
    // Including the spans of both requests for statistics.
    expect(accepted).toBe(WARM_UP + REQUESTS + 2);
  },
);

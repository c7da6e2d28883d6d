import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type Collector, type SpanRecord, startCollector } from '@clew/viewer';
import { startProgram } from '../run-program.ts';
import { type OwnRedis, startRedis } from '../services/redis.ts';
import { spansOf } from '../span-tree.ts';

// What an application sees when the server fails is the same with and without the plugins.

// Each test starts a server and two programs, which may take long on a busy machine.
jest.setTimeout(120_000);

let server: OwnRedis;
let locked: OwnRedis;
let collector: Collector;

beforeAll(async () => {
  [server, locked, collector] = await Promise.all([
    startRedis(),
    startRedis('--requirepass', 's3cr3t'),
    startCollector({ port: 0 }),
  ]);
});
afterAll(async () => {
  await collector.close();
  await Promise.all([server.stop(), locked.stop()]);
});

/** Runs an application. Returns what it printed, its exit code, and the first line of an uncaught error. */
async function run(program: string, version: string, fault: string, ...preload: readonly string[]) {
  const service = [program, version, fault].join(' ');
  const child = startProgram([...preload, '--no-deprecation', program, version, fault], {
    cwd: join(__dirname, 'programs'),
    variables: {
      REDIS_URL: (fault === 'wrong password' ? locked : server).url,
      TRACED: String(preload.length > 0),
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const errors = text(child.stderr!);
  const seen: string[] = [];
  let isDown = false;
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line !== 'kill' && line !== 'start') {
      seen.push(line);
      continue;
    }
    isDown = line === 'kill';
    await server[line]();
    child.stdin?.write('done\n');
  }
  const [code] = await closed;
  if (isDown) await server.start();
  const uncaught = /^\S*Error\b.*$/m.exec(await errors)?.[0];
  return { outcome: { code, seen, uncaught }, spans: spansOf(collector, service) };
}

const LOST = ['SocketClosedUnexpectedlyError', 'ECONNRESET', 'EPIPE'];

function outcomeOf({ name, status, attributes }: SpanRecord): string {
  if (status.code !== 'ERROR') return name;
  const type = String(attributes['error.type']);
  return `${name} ${LOST.includes(type) ? 'lost' : type}`;
}

async function compare(program: string, version: string, fault: string, spans: readonly string[]) {
  const bare = await run(program, version, fault);
  const traced = await run(program, version, fault, '--import', '@clew/node/register');
  expect(traced.outcome).toEqual(bare.outcome);
  // How often a program checks whether the server has begun depends on timing.
  const found = traced.spans.map(outcomeOf).filter((each) => each !== 'EXISTS');
  expect(found.sort()).toEqual([...spans].sort());
}

describe.each(['ioredis-5.0', 'ioredis'])('%s', (version) => {
  test.each<[fault: string, spans: string[]]>([
    ['connection refused', ['GET Error', 'PIPELINE Error']],
    ['wrong password', ['GET WRONGPASS']],
    ['killed in mid-command', ['GET', 'BLPOP Error', 'GET Error']],
    ['restarted in mid-pipeline', ['SET', 'PIPELINE AbortError']],
    ['restarted before a command', ['SET', 'GET', 'MULTI']],
    ['an ignored rejection', ['SET', 'LPUSH WRONGTYPE', 'GET']],
    ['an ignored rejection in an automatic pipeline', ['SET', 'LPUSH WRONGTYPE', 'GET']],
    ['an ignored pipeline', ['SET', 'PIPELINE WRONGTYPE', 'MULTI WRONGTYPE', 'MULTI EXECABORT', 'GET']],
    ['a callback that throws', ['GET']],
  ])('%s', (fault, spans) => compare('faults-ioredis.mjs', version, fault, spans));
});

describe.each([
  // Before 5.12, a closed client refuses commands before the plugin sees them.
  ['redis-4', []],
  ['redis-5.11', []],
  ['redis', ['GET ClientClosedError']],
])('%s', (version, closed) => {
  test.each<[fault: string, spans: string[]]>([
    ['connection refused', ['GET ECONNREFUSED', ...closed]],
    ['wrong password', closed],
    ['killed in mid-command', ['GET', 'BLPOP lost', ...closed]],
    ['restarted in mid-pipeline', ['SET', 'PIPELINE lost']],
    ['restarted before a command', ['SET', 'GET', 'MULTI']],
    ['an ignored rejection', ['SET', 'LPUSH WRONGTYPE', 'GET']],
    ['an ignored pipeline', ['SET', 'PIPELINE WRONGTYPE', 'GET']],
  ])('%s', (fault, spans) => compare('faults-redis.mjs', version, fault, spans));
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { treeOf } from '../span-tree.ts';
import { startService, traced } from './service-process.ts';
import { ZipkinBackend } from './zipkin-backend.ts';

// OpenCensus before, behind and inside services that Clew traces. Its spans go to Zipkin and are imported from there.

const programs = join(__dirname, 'programs');
const CLEW = join(__dirname, '..', '..', 'packages', 'viewer', 'dist', 'cli.js');

let collector: Collector;
let zipkin: ZipkinBackend;
let folder: string;
beforeEach(async () => {
  collector = await startCollector({ port: 0 });
  zipkin = await ZipkinBackend.start();
  folder = mkdtempSync(join(tmpdir(), 'clew-zipkin-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  zipkin.close();
  await collector.close();
});

/** The trees of all traces, when OpenCensus' spans have been imported. */
async function trees(): Promise<string[][]> {
  if (zipkin.spans.length > 0) {
    const file = join(folder, 'zipkin.json');
    writeFileSync(file, JSON.stringify(zipkin.spans));
    const { code, stderr } = await runProgram([CLEW, 'import', file, '--to', collector.url]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }
  return collector.store
    .traces({ limit: 10 })
    .map(({ traceId }) => treeOf(collector.store.trace(traceId)!.spans));
}

function variables(more: Readonly<Record<string, string>>): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ZIPKIN: zipkin.url, NODE_NO_WARNINGS: '1', ...more };
}

describe('a service whose node:http OpenCensus traces, between two services with Clew', () => {
  async function request(more: Readonly<Record<string, string>> = {}): Promise<Record<string, string>[]> {
    const back = await startService(traced('clew.mjs'), variables({ ...more }));
    const middle = await startService(['opencensus-service.cjs'], variables({ NEXT: back.url }));
    const front = await startService(traced('clew.mjs'), variables({ ...more, NEXT: middle.url }));
    const received = await (await fetch(front.url)).json();
    for (const service of [front, middle, back]) await service.stop();
    return received as Record<string, string>[];
  }

  test('the spans of all three are one trace', async () => {
    await request();
    expect(await trees()).toEqual([
      ['SERVER GET', '  CLIENT GET', '    SERVER /', '      CLIENT GET /', '        SERVER GET'],
    ]);
  });

  test('OpenCensus records no request of an unsampled trace, but starts a trace for each that it sends', async () => {
    const received = await request({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' });
    const [before, after] = [received[1]?.traceparent?.split('-'), received[2]?.traceparent?.split('-')];
    expect(before?.[3]).toMatch(/^0[02]$/);
    expect(after?.[3]).toBe('01');
    expect(after?.[1]).not.toBe(before?.[1]);
    expect(await trees()).toEqual([['CLIENT GET /', '  SERVER GET']]);
  });
});

describe('spans of OpenCensus in a service that Clew traces', () => {
  async function run(more: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
    const ended = await runProgram(traced('opencensus.mjs'), { cwd: programs, variables: variables(more) });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    return JSON.parse(ended.stdout);
  }

  test('they are children of Clew’s current span, parents of its spans, and can start a trace', async () => {
    await run();
    const checkout = (indent: string) =>
      ['SERVER checkout', '  SERVER reserve', '    CLIENT GET', '      SERVER GET'].map(
        (line) => indent + line,
      );
    expect((await trees()).sort((a, b) => a.length - b.length)).toEqual([
      checkout(''),
      ['CLIENT GET', '  SERVER GET', ...checkout('    ')],
    ]);
  });

  test('they follow Clew’s decision not to sample; a trace that they start is sampled by OpenCensus', async () => {
    const received = await run({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' });
    expect(received.traceparent).toMatch(/-0[13]$/);
    expect(await trees()).toEqual([
      ['SERVER checkout', '  SERVER reserve', '    CLIENT GET', '      SERVER GET'],
    ]);
  });
});

import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { TracerProvider } from '../src/index.ts';
import { type Collector, startCollector } from './collector.ts';
import { runProgram, startProgram } from './run-program.ts';

let collector: Collector;

beforeEach(async () => {
  collector = await startCollector();
});
afterEach(() => collector.close());

const hang = () => {};
const never = {
  onStart() {},
  onEnd() {},
  forceFlush: () => new Promise<void>(hang),
  shutdown: () => new Promise<void>(hang),
};

describe('forceFlush', () => {
  test('delivers ended spans', async () => {
    const provider = new TracerProvider({ exporter: { url: collector.url } });
    const open = provider.getTracer('t').startSpan('open');
    provider.getTracer('t').startSpan('ended').end();
    await provider.forceFlush();
    expect(collector.spans().map(({ name }) => name)).toEqual(['ended']);
    open.end();
    await provider.shutdown();
    expect(collector.spans()).toHaveLength(2);
  });

  test('resolves when there is nothing to do', async () => {
    const provider = new TracerProvider({ exporter: { url: collector.url } });
    await provider.forceFlush();
    await provider.forceFlush({ timeoutMs: 0 });
    expect(collector.received).toHaveLength(0);
    await provider.shutdown();
    await provider.forceFlush();
  });

  test('resolves at its timeout and keeps the spans', async () => {
    collector.respondWith(hang);
    const provider = new TracerProvider({ exporter: { url: collector.url }, spanProcessors: [never] });
    provider.getTracer('t').startSpan('s').end();
    await provider.forceFlush({ timeoutMs: 50 });
    expect(provider.stats()).toMatchObject({ spansQueued: 1, spansExported: 0 });
    await provider.shutdown({ timeoutMs: 20 });
  });

  test('with lastChance does not retry an unreachable receiver', async () => {
    const provider = new TracerProvider({ exporter: { url: 'http://127.0.0.1:1/', maxBatchBytes: 4096 } });
    for (let i = 0; i < 100; i++) provider.getTracer('t').startSpan('s').end();
    await provider.forceFlush({ lastChance: true });
    expect(provider.stats()).toMatchObject({
      spansQueued: 0,
      retries: 0,
      dropped: { retriesExhausted: 100 },
    });
    await provider.shutdown();
  });

  test('with lastChance retries a receiver that was reachable', async () => {
    collector.respondWith((response) => response.writeHead(503).end());
    const provider = new TracerProvider({ exporter: { url: collector.url, retryDelayMs: 10 } });
    provider.getTracer('t').startSpan('s').end();
    await provider.forceFlush({ lastChance: true });
    expect(provider.stats()).toMatchObject({ spansExported: 1, retries: 1 });
    await provider.shutdown();
  });

  test('resolves with an invalid timeout', async () => {
    const provider = new TracerProvider({ exporter: { url: collector.url } });
    provider.getTracer('t').startSpan('s').end();
    await provider.forceFlush({ timeoutMs: 'soon' as never });
    expect(provider.stats().spansExported).toBe(1);
    await provider.shutdown();
  });

  test('delivers the spans of all concurrent flushes', async () => {
    const provider = new TracerProvider({ exporter: { url: collector.url } });
    const exported: number[] = [];
    const flush = async () => {
      provider.getTracer('t').startSpan('s').end();
      await provider.forceFlush();
      exported.push(provider.stats().spansExported);
    };
    await Promise.all([flush(), flush(), flush()]);
    expect(exported).toEqual([1, 2, 3]);
    await provider.shutdown();
  });
});

describe('shutdown', () => {
  test('delivers ended spans once, and returns the same promise again', async () => {
    const provider = new TracerProvider({ exporter: { url: collector.url } });
    provider.getTracer('t').startSpan('s').end();
    const first = provider.shutdown();
    expect(provider.shutdown()).toBe(first);
    await first;
    expect(collector.spans()).toHaveLength(1);
  });

  test('drops and counts what could not be delivered in time', async () => {
    collector.respondWith(hang);
    const provider = new TracerProvider({
      exporter: { url: collector.url, maxBatchBytes: 4096 },
      spanProcessors: [never],
    });
    for (let i = 0; i < 500; i++) provider.getTracer('t').startSpan('s').end();
    await provider.shutdown({ timeoutMs: 50 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(provider.stats()).toMatchObject({
      spansExported: 0,
      spansQueued: 0,
      bytesQueued: 0,
      dropped: { shutdown: 500 },
    });
  });

  test('delivers an open span as unfinished, and ignores its end', async () => {
    const provider = new TracerProvider({ exporter: { url: collector.url } });
    const open = provider.getTracer('t').startSpan('open');
    await provider.shutdown();
    open.end();
    const [span] = collector.spans();
    expect(
      Object.fromEntries(
        (span?.attributes ?? []).map(({ key, value }) => [key, Object.values(value ?? {})[0]]),
      ),
    ).toEqual({
      'clew.unfinished': true,
      'clew.unfinished_reason': 'shutdown',
    });
    expect(provider.stats()).toMatchObject({
      spansUnfinished: 1,
      spansExported: 1,
      dropped: { shutdown: 0 },
    });
  });

  test('does not record spans started afterwards, and passes their parent on', async () => {
    const provider = new TracerProvider({ exporter: { url: collector.url } });
    const tracer = provider.getTracer('t');
    await provider.shutdown();
    const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    const child = tracer.startSpan('s', {}, trace.setSpanContext(ROOT_CONTEXT, parent));
    expect(child.isRecording()).toBe(false);
    expect(child.spanContext()).toEqual(parent);
    expect(tracer.startSpan('root', { root: true }).isRecording()).toBe(false);
    expect(provider.getTracer('other').startSpan('s').isRecording()).toBe(false);
    expect(provider.stats().spansStarted).toBe(0);
  });
});

describe('an application', () => {
  test.each(['waiting', 'connecting'])('with spans queued (%s) exits by itself', async (mode) => {
    collector.respondWith(hang);
    const child = startProgram('leaves-at-once.mjs', collector.url, mode);
    const [printed, ended] = [text(child.stdout), once(child, 'exit')];
    if (mode === 'connecting') await Promise.race([collector.requests(1), ended]);
    child.stdin.end();
    expect(await ended).toEqual([0, null]);
    expect(JSON.parse(await printed)).toMatchObject({ spansQueued: 100, spansExported: 0 });
    expect(collector.received).toHaveLength(mode === 'waiting' ? 0 : 1);
  });

  test('that is idle still delivers its spans', async () => {
    const child = startProgram('waits-idle.mjs', collector.url);
    const ended = once(child, 'exit');
    await Promise.race([collector.requests(1), ended]);
    child.stdin.end();
    expect(await ended).toEqual([0, null]);
    expect(collector.spans()).toHaveLength(1);
  });

  test('with an unreachable receiver exits by itself', async () => {
    const { code, stdout } = await runProgram('leaves-at-once.mjs', 'http://127.0.0.1:1/', 'retrying');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ spansQueued: 100, retries: 1 });
  });

  test.each(['forceFlush', 'shutdown'])('stays alive until %s has finished', async (call) => {
    collector.respondWith((response) => setTimeout(() => response.writeHead(503).end(), 100));
    const { code, stdout } = await runProgram('flushes.mjs', collector.url, call);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ spansExported: 100, retries: 1 });
  });

  test.each(['forceFlush', 'shutdown'])('stays alive until %s times out, and no longer', async (call) => {
    collector.respondWith(hang);
    const { code, stdout } = await runProgram('flushes.mjs', collector.url, call, '150');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ spansExported: 0 });
  });
});

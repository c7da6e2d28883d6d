// The memory for the spans of undecided traces is bounded in a running service.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCollector } from '@clew/viewer';
import { ReceivedTraces } from './received-traces.ts';
import { PRELOAD, PROGRAMS, ServiceProcess, until } from './service-process.ts';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-memory-'));
  file = join(folder, 'policies.yaml');
  writeFileSync(file, 'policies: [{ id: general, keep: { ratio: 0.01, onError: true } }]');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the memory for undecided traces', () => {
  /** Requests that end, or fail, after all of them have ended so many child spans. */
  async function holding(
    end: 'ends' | 'fails',
    requests: number,
    spans: number,
    variables: Record<string, string>,
  ) {
    const traces = new ReceivedTraces();
    const collector = await startCollector({ port: 0, onSpans: traces.add });
    const service = await ServiceProcess.start(PROGRAMS.express, ['--expose-gc', ...PRELOAD], {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      CLEW_SAMPLING_FILE: file,
      ...variables,
    });
    const before = await service.state();
    const held = Array.from({ length: requests }, (_, number) => {
      // The lowest random value, which the ratio does not keep.
      const traceId = `${number.toString(16).padStart(18, 'b')}${'0'.repeat(14)}`;
      const traceparent = `00-${traceId}-00f067aa0ba902b7-00`;
      return service.get(`/held/${spans}/${end}-${number}`, { traceparent });
    });
    let full = await service.state();
    await until('all requests are held', async () => {
      full = await service.state();
      return full.stats.late?.pending === requests;
    });
    await service.get('/release');
    await Promise.all(held);
    const after = await service.state('flush');
    await service.end();
    await collector.close();
    return { before, full, after, traces };
  }

  test('is bounded: the spans of the oldest traces are lost, and counted', async () => {
    const limit = 65_536;
    const { full, after, traces } = await holding('fails', 150, 20, {
      CLEW_LATE_BUFFER_BYTES: String(limit),
    });
    expect(full.stats.late?.bytes).toBeLessThanOrEqual(limit);
    expect(full.stats.late?.bytes).toBeGreaterThan(limit * 0.9);
    expect(after.stats.late).toMatchObject({ pending: 0, spans: 0, bytes: 0 });
    // All local roots are kept. Each request has 20 spans of queries and one of the session.
    const kept = traces.ids.filter((id) => traces.attribute(id, 'clew.sampling.kept') === 'error');
    expect(kept).toHaveLength(150);
    const sent = traces.ids.reduce((sum, id) => sum + traces.namesOf(id).length - 1, 0);
    const lost = after.stats.dropped.lateBufferFull!;
    expect(sent + lost).toBe(150 * 21);
    expect(lost).toBeGreaterThan(1000);
    const complete = kept.filter((id) => traces.namesOf(id).length === 22);
    expect(after.stats.late?.incomplete).toBe(150 - complete.length);
    expect(complete.length).toBeGreaterThan(5);
  });

  test('is 8 MiB by default', async () => {
    const { before, full, after } = await holding('ends', 300, 400, {});
    const limit = 8 * 1024 * 1024;
    expect(full.stats.late?.bytes).toBeLessThanOrEqual(limit);
    expect(full.stats.late?.bytes).toBeGreaterThan(limit * 0.95);
    expect(full.bytesInBuffers - before.bytesInBuffers).toBeLessThan(limit + 3 * 1024 * 1024);
    expect(after.stats.dropped.lateBufferFull).toBeGreaterThan(1000);
  });
});

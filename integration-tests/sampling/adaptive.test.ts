// The adaptive loop over HTTP: a running service, Clew's Jaeger sampler, and `clew collect --adaptive`.
import { setTimeout as delay } from 'node:timers/promises';
import { type Running, startCollect } from '../../packages/viewer/test/clew-process.ts';
import { PRELOAD, PROGRAMS, type Served, ServiceProcess } from './service-process.ts';

const TARGET = 30;
/** A probability below 1 keeps the target at both loads. */
const LOADS = [60, 600] as const;
const TOLERANCE = 0.1;
/** The length of a window in which kept traces are counted: 60 of them at the target. */
const WINDOW_SECONDS = 2;
/** It takes two or three; more if the machine is too busy to serve the load evenly. */
const MAX_WINDOWS = 25;

/**
 * A trace id without a parent. Its last 56 bits are a sequence that is spread evenly, so that any probability keeps its share
 * of any few hundred requests, and chance does not fail the test.
 */
function traceOf(number: number): Record<string, string> {
  const random = (BigInt(number + 1) * 0x9e3779b97f4a7cn) & 0xffffffffffffffn;
  const id = (0x5759e988n << 96n) | (BigInt(number + 1) << 56n) | random;
  const digits = id.toString(16).padStart(32, '0');
  return { 'x-amzn-trace-id': `Root=1-${digits.slice(0, 8)}-${digits.slice(8)}` };
}

/** Sends requests at a rate, by a schedule that makes up for delays. */
class ScheduledLoad {
  sent = 0;
  readonly #service: ServiceProcess;

  constructor(service: ServiceProcess) {
    this.#service = service;
  }

  /** Returns the kept traces of each second, as the sampled flag in the handler states it. */
  async keptPerSecond(perSecond: number, seconds: number): Promise<number> {
    const begin = performance.now();
    const requests: Promise<Served>[] = [];
    while (requests.length < perSecond * seconds) {
      const due = Math.min(perSecond * seconds, ((performance.now() - begin) / 1000) * perSecond);
      while (requests.length < due) requests.push(this.#service.get('/orders/1', traceOf(this.sent++)));
      await delay(5);
    }
    const served = await Promise.all(requests);
    const elapsed = (performance.now() - begin) / 1000;
    return served.filter(({ sampled }) => sampled).length / elapsed;
  }
}

describe('adaptive sampling of a running service', () => {
  let collect: Running;
  let service: ServiceProcess;
  beforeAll(async () => {
    const options = {
      adaptive: TARGET,
      'adaptive-interval': 0.3,
      'initial-probability': 0.5,
      'lower-bound': 0,
    };
    collect = await startCollect(
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]),
    );
    service = await ServiceProcess.start(PROGRAMS.koa, PRELOAD, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collect.url,
      OTEL_SERVICE_NAME: 'shop',
      OTEL_PROPAGATORS: 'xray',
      OTEL_TRACES_SAMPLER: 'jaeger_remote',
      OTEL_TRACES_SAMPLER_ARG: `endpoint=${collect.url}/sampling,pollingIntervalMs=100`,
    });
  });
  afterAll(async () => {
    await service.end();
    await collect.end('SIGTERM');
  });

  test('holds its target through a tenfold step of the load', async () => {
    const load = new ScheduledLoad(service);
    const windows: { perSecond: number; kept: number[] }[] = [];
    for (const perSecond of LOADS) {
      const kept: number[] = [];
      const isHeld = (rate: number | undefined) => Math.abs((rate ?? 0) - TARGET) <= TARGET * TOLERANCE;
      // Two windows in a row: the target is not only passed.
      while (kept.length < MAX_WINDOWS && !(isHeld(kept.at(-1)) && isHeld(kept.at(-2)))) {
        kept.push(await load.keptPerSecond(perSecond, WINDOW_SECONDS));
      }
      windows.push({ perSecond, kept });
    }
    for (const { kept } of windows) expect(kept.length).toBeLessThan(MAX_WINDOWS);
    expect(service.stderr).toBe('');
  }, 300_000);
});

import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import workerThreads, { SHARE_ENV, type WorkerOptions } from 'node:worker_threads';
import { suppressTracing } from '@clew/core';
import { recordSpans } from '@clew/testing';
import { context, propagation, trace } from '@opentelemetry/api';
import { asCaller, handedOverBy, instrument, withPoolsScript } from './traced.ts';

const recorder = recordSpans();
const SAY =
  'const { TRACEPARENT = "none", BAGGAGE = "none" } = process.env; require("node:worker_threads").parentPort.postMessage(TRACEPARENT + " " + BAGGAGE)';
const OTHER = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const said = async (worker: workerThreads.Worker): Promise<unknown> => {
  const [[message]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  return message;
};
const run = (options: WorkerOptions = {}) => said(new workerThreads.Worker(SAY, { eval: true, ...options }));

test('a worker continues the current span, with its baggage', async () => {
  const some = propagation.createBaggage({ tenant: { value: 'blue' } });
  const told = await asCaller({}, () =>
    Promise.all([run(), context.with(propagation.setBaggage(context.active(), some), run)]),
  );
  const [caller] = await recorder.take(1);
  const expected = handedOverBy(caller);
  expect(told).toEqual([expected, expected.replace('none', 'tenant=blue')]);
});

test('options and environment of the caller stay as they are', async () => {
  const options = Object.freeze({ env: Object.freeze({ OWN: 'own' }), eval: true, name: 'mine' });
  const code =
    'require("node:worker_threads").parentPort.postMessage(Object.keys(process.env).sort().join())';
  expect(await asCaller({}, () => said(new workerThreads.Worker(code, options)))).toBe('OWN,TRACEPARENT');
  await recorder.take(1);
});

test('a worker without options is a worker', async () => {
  const file = join(__dirname, 'programs', 'says.cjs');
  const told = await asCaller({}, () =>
    Promise.all([said(new workerThreads.Worker(file)), said(new workerThreads.Worker(pathToFileURL(file)))]),
  );
  const [caller] = await recorder.take(1);
  expect(told).toEqual([caller?.spanId, caller?.spanId].map(() => handedOverBy(caller)));
});

test('a worker that shares the environment changes nothing in it', async () => {
  const told = await asCaller({}, () => run({ env: SHARE_ENV }));
  expect(told).toBe('none none');
  expect(process.env.TRACEPARENT).toBeUndefined();
  await recorder.take(1);
});

test('what the program says of the trace is the last word', async () => {
  expect(await asCaller({}, () => run({ env: { TRACEPARENT: OTHER } }))).toBe(`${OTHER} none`);
  await recorder.take(1);
});

test('a library\u2019s own worker is a pool\u2019s, which requests share, and continues nothing unless it is to', async () => {
  await withPoolsScript(async (script) => {
    const start = () => said(new workerThreads.Worker(script));
    expect(await asCaller({}, start)).toBe('none');
    expect(await asCaller({ workers: 'all' }, start)).toMatch(/-01$/);
  });
  expect(await asCaller({ workers: 'none' }, run)).toBe('none none');
  await recorder.takeUntil(() => recorder.spans().length === 3);
});

test('without a span, or with tracing suppressed, a worker is started as if we were not there', async () => {
  const instance = instrument();
  expect(await run()).toBe('none none');
  instance.disable();
  expect(await asCaller({}, () => context.with(suppressTracing(context.active()), run))).toBe('none none');
  await recorder.take(1);
});

test('Worker stays a class', async () => {
  const { Worker } = workerThreads;
  const shape = ({ name, length, prototype }: typeof Worker) => [name, length, prototype];
  const before = [...shape(Worker), Object.getPrototypeOf(Worker), Object.keys(Worker)];
  await asCaller({}, async () => {
    const Traced = workerThreads.Worker;
    expect(Traced).not.toBe(Worker);
    expect([...shape(Traced), Object.getPrototypeOf(Traced), Object.keys(Traced)]).toEqual(before);
    expect(() => Reflect.apply(Traced, undefined, ['x'])).toThrow(/cannot be invoked without 'new'/);
    expect(() => new Traced('no-path')).toThrow(expect.objectContaining({ code: 'ERR_WORKER_PATH' }));
    for (const wrong of [7, 'x', { env: 'x' }]) {
      const make = (Class: typeof Worker) => {
        try {
          const worker = new Class('', { eval: true, ...(wrong as object) });
          return once(worker, 'exit').then(() => 'a worker');
        } catch (error) {
          return `${error}`;
        }
      };
      expect(await make(Traced)).toBe(await make(Worker));
    }

    class Counting extends Traced {
      static made = 0;
      readonly kind: string;
      constructor(code: string) {
        super(code, { eval: true });
        this.kind = new.target.name;
        Counting.made++;
      }
    }
    const worker = new Counting(SAY);
    expect([worker instanceof Counting, worker instanceof Traced, worker instanceof Worker]).toEqual([
      true,
      true,
      true,
    ]);
    expect([worker.kind, worker.constructor, Counting.made]).toEqual(['Counting', Counting, 1]);
    const traceId = trace.getActiveSpan()?.spanContext().traceId;
    expect(await said(worker)).toContain(traceId);
    const plain = new Traced(SAY, { eval: true });
    expect(plain.constructor).toBe(Traced);
    expect(await said(plain)).toContain(traceId);
  });
  expect(workerThreads.Worker).toBe(Worker);
  expect(Worker.prototype.constructor).toBe(Worker);
  await recorder.take(1);
});

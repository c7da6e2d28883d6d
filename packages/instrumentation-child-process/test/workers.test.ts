import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import workerThreads, { SHARE_ENV, type WorkerOptions } from 'node:worker_threads';
import { suppressTracing } from '@clew/core';
import { recordSpans } from '@clew/testing';
import { context, propagation, trace } from '@opentelemetry/api';
import { asCaller, instrument, printedBy, withPoolScript } from './traced.ts';

const recorder = recordSpans();
const SEND_ENV =
  'const { TRACEPARENT = "none", BAGGAGE = "none" } = process.env; require("node:worker_threads").parentPort.postMessage(TRACEPARENT + " " + BAGGAGE)';
const OTHER = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const messageFrom = async (worker: workerThreads.Worker): Promise<unknown> => {
  const [[message]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  return message;
};
const run = (options: WorkerOptions = {}) =>
  messageFrom(new workerThreads.Worker(SEND_ENV, { eval: true, ...options }));

test('a worker continues the current span, with its baggage', async () => {
  const some = propagation.createBaggage({ tenant: { value: 'blue' } });
  const output = await asCaller({}, () =>
    Promise.all([run(), context.with(propagation.setBaggage(context.active(), some), run)]),
  );
  const [caller] = await recorder.take(1);
  const expected = printedBy(caller);
  expect(output).toEqual([expected, expected.replace('none', 'tenant=blue')]);
});

test('does not change the caller’s options and environment', async () => {
  const options = Object.freeze({ env: Object.freeze({ OWN: 'own' }), eval: true, name: 'mine' });
  const code =
    'require("node:worker_threads").parentPort.postMessage(Object.keys(process.env).sort().join())';
  expect(await asCaller({}, () => messageFrom(new workerThreads.Worker(code, options)))).toBe(
    'OWN,TRACEPARENT',
  );
  await recorder.take(1);
});

test('starts a worker without options', async () => {
  const file = join(__dirname, 'programs', 'sends-env.cjs');
  const output = await asCaller({}, () =>
    Promise.all([
      messageFrom(new workerThreads.Worker(file)),
      messageFrom(new workerThreads.Worker(pathToFileURL(file))),
    ]),
  );
  const [caller] = await recorder.take(1);
  expect(output).toEqual([caller?.spanId, caller?.spanId].map(() => printedBy(caller)));
});

test('a worker with a shared environment changes nothing in it', async () => {
  const output = await asCaller({}, () => run({ env: SHARE_ENV }));
  expect(output).toBe('none none');
  expect(process.env.TRACEPARENT).toBeUndefined();
  await recorder.take(1);
});

test('keeps a trace set by the application', async () => {
  expect(await asCaller({}, () => run({ env: { TRACEPARENT: OTHER } }))).toBe(`${OTHER} none`);
  await recorder.take(1);
});

test('a library’s worker, shared by requests, continues nothing unless workers is all', async () => {
  await withPoolScript(async (script) => {
    const start = () => messageFrom(new workerThreads.Worker(script));
    expect(await asCaller({}, start)).toBe('none');
    expect(await asCaller({ workers: 'all' }, start)).toMatch(/-01$/);
  });
  expect(await asCaller({ workers: 'none' }, run)).toBe('none none');
  await recorder.takeUntil(() => recorder.spans().length === 3);
});

test('a worker started without a span, or with tracing suppressed, continues nothing', async () => {
  const instance = instrument();
  expect(await run()).toBe('none none');
  instance.disable();
  expect(await asCaller({}, () => context.with(suppressTracing(context.active()), run))).toBe('none none');
  await recorder.take(1);
});

test('Worker remains a class', async () => {
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
    const worker = new Counting(SEND_ENV);
    expect([worker instanceof Counting, worker instanceof Traced, worker instanceof Worker]).toEqual([
      true,
      true,
      true,
    ]);
    expect([worker.kind, worker.constructor, Counting.made]).toEqual(['Counting', Counting, 1]);
    const traceId = trace.getActiveSpan()?.spanContext().traceId;
    expect(await messageFrom(worker)).toContain(traceId);
    const plain = new Traced(SEND_ENV, { eval: true });
    expect(plain.constructor).toBe(Traced);
    expect(await messageFrom(plain)).toContain(traceId);
  });
  expect(workerThreads.Worker).toBe(Worker);
  expect(Worker.prototype.constructor).toBe(Worker);
  await recorder.take(1);
});

import { SHARE_ENV, type WorkerOptions } from 'node:worker_threads';
import {
  AsyncContextManager,
  carryToChild,
  carryToWorker,
  contextFromEnvironment,
  createPropagator,
  openMessage,
  rootContext,
  suppressTracing,
  w3cBaggage,
  w3cTraceContext,
  wrapMessage,
} from '@clew/core';
import { type Context, context, propagation, trace } from '@opentelemetry/api';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const OTHER = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const request: Context = propagation.setBaggage(
  trace.setSpanContext(rootContext, {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 1,
  }),
  propagation.createBaggage({ tenant: { value: 'blue' } }),
);
const currentTrace = () => trace.getSpanContext(context.active())?.traceId;

beforeEach(() => {
  context.setGlobalContextManager(new AsyncContextManager().enable());
  propagation.setGlobalPropagator(
    createPropagator({
      extract: [w3cTraceContext],
      inject: [w3cTraceContext],
      extractBeside: [w3cBaggage],
      injectBeside: [w3cBaggage],
    }),
  );
});

afterEach(() => {
  context.disable();
  propagation.disable();
});

describe('the environment of a child process', () => {
  test('has the current span and baggage in addition to the existing variables', () => {
    const given = Object.freeze({ PATH: '/bin' });
    const environment = context.with(request, () => carryToChild(given));
    expect(environment).toEqual({ PATH: '/bin', TRACEPARENT, BAGGAGE: 'tenant=blue' });
  });

  test('is by default a copy of the environment of this process, which does not change', () => {
    const before = { ...process.env };
    expect(carryToChild(undefined, request)).toEqual({ ...before, TRACEPARENT, BAGGAGE: 'tenant=blue' });
    expect({ ...process.env }).toEqual(before);
  });

  test('has no variables of an older trace, in any case, even without a current span', () => {
    const old = { TRACEPARENT: OTHER, TraceState: 'old=1', baggage: 'old=1', HOME: '/' };
    expect(carryToChild(old, request)).toEqual({ TRACEPARENT, BAGGAGE: 'tenant=blue', HOME: '/' });
    expect(carryToChild(old, rootContext)).toEqual({ HOME: '/' });
    expect(carryToChild(old, suppressTracing(request))).toEqual({ HOME: '/' });
  });

  test('gets no context if it is, with the arguments, nearly as large as the system allows', () => {
    const large = { LARGE: 'x'.repeat(120_000) };
    expect(carryToChild(large, request)).toEqual({ ...large, TRACEPARENT, BAGGAGE: 'tenant=blue' });
    expect(carryToChild(large, request, 11_000)).toEqual(large);
    expect(carryToChild({ LARGE: 'x'.repeat(131_000) }, request)).toEqual({ LARGE: 'x'.repeat(131_000) });
  });

  test('is unchanged while no propagator is installed', () => {
    propagation.disable();
    expect(carryToChild({ TRACEPARENT: OTHER })).toEqual({ TRACEPARENT: OTHER });
  });

  test('is a plain copy if the propagator throws', () => {
    propagation.disable();
    const broken = () => {
      throw new Error('broken');
    };
    propagation.setGlobalPropagator({ inject: broken, extract: broken, fields: () => [] });
    expect(carryToChild({ HOME: '/' }, request)).toEqual({ HOME: '/' });
    expect(contextFromEnvironment({ TRACEPARENT })).toBe(rootContext);
    expect(wrapMessage('x', request)).toEqual({ 'clew.trace': {}, message: 'x' });
  });
});

describe('the context passed by a parent process', () => {
  test('has its span as a remote parent, and its baggage', () => {
    const given = contextFromEnvironment(carryToChild({}, request));
    expect(trace.getSpanContext(given)).toMatchObject({ spanId: 'b7ad6b7169203331', isRemote: true });
    expect(propagation.getBaggage(given)?.getEntry('tenant')?.value).toBe('blue');
  });

  test.each([[{}], [{ TRACEPARENT: '' }], [{ TRACEPARENT: '00-nothing' }], [{ traceparent: TRACEPARENT }]])(
    'is the root context for %j',
    (environment) => {
      expect(contextFromEnvironment(environment)).toBe(rootContext);
    },
  );
});

describe('the options of a worker thread', () => {
  test('get an environment; their other options do not change', () => {
    const options = Object.freeze({ workerData: { path: 'x' }, env: { HOME: '/' } });
    const carried = context.with(request, () => carryToWorker(options));
    expect(carried).toEqual({ ...options, env: { HOME: '/', TRACEPARENT, BAGGAGE: 'tenant=blue' } });
    expect(carried.workerData).toBe(options.workerData);
  });

  test('without an environment get the environment of this thread', () => {
    expect(carryToWorker<WorkerOptions>({}, request).env).toMatchObject({ ...process.env, TRACEPARENT });
    expect(carryToWorker(undefined, request).env).toMatchObject({ TRACEPARENT });
  });

  test('with SHARE_ENV are unchanged', () => {
    const options: WorkerOptions = { env: SHARE_ENV };
    expect(carryToWorker(options, request)).toBe(options);
    expect(process.env.TRACEPARENT).not.toBe(TRACEPARENT);
  });
});

describe('messages', () => {
  test('are handled in the context sent with them, not in that of the channel', () => {
    const received = structuredClone(context.with(request, () => wrapMessage({ path: 'x' })));
    const handled = context.with(rootContext, () =>
      openMessage(received, (message) => [message, currentTrace()]),
    );
    expect(handled).toEqual([{ path: 'x' }, '0af7651916cd43dd8448eb211c80319c']);
  });

  test('are handled in their context after a round trip through JSON', () => {
    const received: unknown = JSON.parse(JSON.stringify(wrapMessage([1], request)));
    expect(openMessage(received, (message) => [message, currentTrace()])).toEqual([
      [1],
      '0af7651916cd43dd8448eb211c80319c',
    ]);
  });

  test.each([
    ['text'],
    [null],
    [undefined],
    [7],
    [{ message: 'mine' }],
    [{ 'clew.trace': null, message: 1 }],
  ])('that were not wrapped (%j) are handled in the root context', (received) => {
    context.with(request, () => {
      openMessage<unknown, void>(received, (message) => {
        expect(message).toBe(received);
        expect(currentTrace()).toBeUndefined();
      });
      expect(currentTrace()).toBe('0af7651916cd43dd8448eb211c80319c');
    });
  });

  test('the error of a handler is thrown to the caller of openMessage', () => {
    const fault = new Error('no');
    const handling = () =>
      openMessage(wrapMessage(1, request), () => {
        throw fault;
      });
    expect(handling).toThrow(fault);
  });
});

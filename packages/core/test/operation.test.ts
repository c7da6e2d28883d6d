import vm from 'node:vm';
import { AsyncContextManager, rootContext } from '@clew/core';
import { currentContext, startOperation } from '@clew/core/plugin';
import { context, DiagLogLevel, diag, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { endsOf, operationOf } from './listening-operation.ts';
import { ListeningSpan } from './listening-span.ts';

const ERROR = SpanStatusCode.ERROR;

beforeAll(() => context.setGlobalContextManager(new AsyncContextManager()));
afterAll(() => context.disable());

describe('the end', () => {
  test('happens once', () => {
    const span = new ListeningSpan();
    const operation = operationOf(span);
    expect(operation.recording).toBe(true);
    operation.end({ a: 1 });
    operation.end({ b: 2 });
    operation.fail(new Error('late'));
    expect(span.calls).toEqual([{ a: 1 }, 'end']);
    expect(operation.recording).toBe(false);
    expect(operation.ended).toBe(true);
  });

  test('of a span that is not recorded sets no attributes', () => {
    const span = new ListeningSpan();
    span.recording = false;
    const operation = operationOf(span);
    operation.fail(new Error('not observed'));
    operation.end({ a: 1 });
    expect(span.calls).toEqual(['end']);
  });
});

describe('run', () => {
  test('makes the span current inside, not outside', () => {
    const span = new ListeningSpan();
    expect(operationOf(span).run(() => trace.getActiveSpan())).toBe(span);
    expect(trace.getActiveSpan()).toBeUndefined();
    expect(currentContext()).toBe(rootContext);
  });

  test('returns the result and does not end the span', () => {
    const span = new ListeningSpan();
    const result = {};
    expect(operationOf(span).run(() => result)).toBe(result);
    expect(span.calls).toEqual([]);
  });

  test('records an error, ends the span and rethrows the same error', () => {
    const span = new ListeningSpan();
    const error = Object.freeze(new TypeError('no'));
    expect(() =>
      operationOf(span).run(() => {
        throw error;
      }),
    ).toThrow(error);
    expect(span.calls).toEqual([
      'TypeError: no',
      ['error.type', 'TypeError'],
      { code: ERROR, message: 'no' },
      'end',
    ]);
  });
});

describe('settle', () => {
  test('ends at once for a value that is not a promise, and returns it', () => {
    for (const value of [undefined, null, 1, 'text', {}, () => {}]) {
      const span = new ListeningSpan();
      expect(operationOf(span).settle(value)).toBe(value);
      expect(endsOf(span)).toBe(1);
    }
  });

  test('ends when a promise is fulfilled, before the application’s reactions', async () => {
    const span = new ListeningSpan();
    const { promise, resolve } = Promise.withResolvers<string>();
    const settled = operationOf(span).settle(promise);
    expect(endsOf(span)).toBe(0);
    resolve('done');
    expect(await settled).toBe('done');
    expect(endsOf(span)).toBe(1);
  });

  test('records a rejection and rejects with the same error', async () => {
    const span = new ListeningSpan();
    const error = new RangeError('too far');
    await expect(operationOf(span).settle(Promise.reject(error))).rejects.toBe(error);
    expect(span.calls[0]).toBe('RangeError: too far');
    expect(endsOf(span)).toBe(1);
  });

  test('does not call the then of another object, which may start a query', () => {
    const span = new ListeningSpan();
    const builder = Object.fromEntries([['then', jest.fn()]]);
    expect(operationOf(span).settle(builder)).toBe(builder);
    expect(builder.then).not.toHaveBeenCalled();
    expect(endsOf(span)).toBe(1);
  });

  test('returns a promise with properties unchanged', async () => {
    class Query extends Promise<string> {
      cancel() {}
    }
    const dressed = Object.assign(Promise.resolve('b'), { abort() {} });
    for (const promise of [Query.resolve('a'), dressed]) {
      const span = new ListeningSpan();
      expect(operationOf(span).settle(promise)).toBe(promise);
      await promise;
      await null;
      expect(endsOf(span)).toBe(1);
    }
  });

  test('recognises a promise of another realm', async () => {
    const span = new ListeningSpan();
    const { promise, release } = vm.runInNewContext(
      'let release; const promise = new Promise((resolve) => { release = resolve; }); ({ promise, release })',
    ) as { promise: Promise<void>; release(): void };
    const settled = operationOf(span).settle(promise);
    expect(endsOf(span)).toBe(0);
    release();
    await settled;
    await null;
    expect(endsOf(span)).toBe(1);
  });
});

describe('a failure of the instrumentation', () => {
  const said = jest.fn();
  const broken = () => {
    throw new Error('our fault');
  };
  const BROKEN_SPAN = { ...methods(new ListeningSpan()), isRecording: () => true };

  beforeEach(() => {
    said.mockClear();
    const nothing = () => {};
    diag.setLogger(
      { error: said, warn: nothing, info: nothing, debug: nothing, verbose: nothing },
      { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
    );
    said.mockClear();
  });
  afterAll(() => diag.disable());

  test('in a span is caught and reported once', () => {
    for (let times = 0; times < 3; times++) {
      const operation = operationOf({
        ...BROKEN_SPAN,
        recordException: broken,
        setAttributes: broken,
        end: broken,
      });
      operation.fail(new Error('the program'));
      operation.end({ a: 1 });
      expect(operation.ended).toBe(true);
    }
    expect(said.mock.calls.map(([text]) => text)).toEqual([
      expect.stringContaining('recording an error failed'),
      expect.stringContaining('setting attributes failed'),
      expect.stringContaining('ending a span failed'),
    ]);
  });

  test('at the start returns no operation, and the application continues', () => {
    expect(startOperation('an activity of this test', rootContext, broken)).toBeUndefined();
    expect(startOperation('an activity of this test', rootContext, broken)).toBeUndefined();
    expect(said).toHaveBeenCalledTimes(1);
    expect(said.mock.calls[0]).toEqual([
      'clew: an activity of this test failed; the application is not affected, the trace may be incomplete',
      new Error('our fault'),
    ]);
  });

  test('is caught even if the logger throws', () => {
    said.mockImplementation(broken);
    expect(startOperation('a place with a broken logger', rootContext, broken)).toBeUndefined();
    said.mockReset();
  });
});

test('startOperation starts the span in the parent context and returns a context with it', () => {
  const parent = rootContext.setValue(Symbol.for('tenant'), 'acme');
  const span = new ListeningSpan();
  const operation = startOperation('somewhere', parent, (given) => {
    expect(given).toBe(parent);
    return span as unknown as Span;
  });
  expect(trace.getSpan(operation?.context ?? rootContext)).toBe(span);
  expect(operation?.context.getValue(Symbol.for('tenant'))).toBe('acme');
});

function methods(span: ListeningSpan): Record<string, unknown> {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(span));
  return Object.fromEntries(names.map((name) => [name, Reflect.get(span, name)]));
}

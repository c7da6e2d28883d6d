import { EventEmitter } from 'node:events';
import vm from 'node:vm';
import { AsyncContextManager, rootContext } from '@clew/core';
import { bindCallback, currentContext, Operation, startOperation } from '@clew/core/plugin';
import { context, DiagLogLevel, diag, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { ListeningSpan } from './listening-span.ts';

const exchangeOf = (span: object = new ListeningSpan()) => {
  const current = trace.setSpan(rootContext, span as Span);
  return new Operation(span as Span, current);
};
const endsOf = (span: ListeningSpan) => span.calls.filter((call) => call === 'end').length;
const ERROR = SpanStatusCode.ERROR;

beforeAll(() => context.setGlobalContextManager(new AsyncContextManager()));
afterAll(() => context.disable());

describe('the end', () => {
  test('happens once', () => {
    const span = new ListeningSpan();
    const operation = exchangeOf(span);
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
    const operation = exchangeOf(span);
    operation.fail(new Error('nobody looks'));
    operation.end({ a: 1 });
    expect(span.calls).toEqual(['end']);
  });
});

describe('run', () => {
  test('makes the span current inside, not outside', () => {
    const span = new ListeningSpan();
    expect(exchangeOf(span).run(() => trace.getActiveSpan())).toBe(span);
    expect(trace.getActiveSpan()).toBeUndefined();
    expect(currentContext()).toBe(rootContext);
  });

  test('returns the result and does not end the span', () => {
    const span = new ListeningSpan();
    const result = {};
    expect(exchangeOf(span).run(() => result)).toBe(result);
    expect(span.calls).toEqual([]);
  });

  test('records an error, ends the span and rethrows the same error', () => {
    const span = new ListeningSpan();
    const error = Object.freeze(new TypeError('no'));
    expect(() =>
      exchangeOf(span).run(() => {
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
      expect(exchangeOf(span).settle(value)).toBe(value);
      expect(endsOf(span)).toBe(1);
    }
  });

  test('ends when a promise is fulfilled, before the application’s reactions', async () => {
    const span = new ListeningSpan();
    const { promise, resolve } = Promise.withResolvers<string>();
    const settled = exchangeOf(span).settle(promise);
    expect(endsOf(span)).toBe(0);
    resolve('done');
    expect(await settled).toBe('done');
    expect(endsOf(span)).toBe(1);
  });

  test('records a rejection and rejects with the same error', async () => {
    const span = new ListeningSpan();
    const error = new RangeError('too far');
    await expect(exchangeOf(span).settle(Promise.reject(error))).rejects.toBe(error);
    expect(span.calls[0]).toBe('RangeError: too far');
    expect(endsOf(span)).toBe(1);
  });

  test('does not call the then of another object, which may start a query', () => {
    const span = new ListeningSpan();
    const builder = Object.fromEntries([['then', jest.fn()]]);
    expect(exchangeOf(span).settle(builder)).toBe(builder);
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
      expect(exchangeOf(span).settle(promise)).toBe(promise);
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
    const settled = exchangeOf(span).settle(promise);
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
      const operation = exchangeOf({
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

describe('callback', () => {
  const inCaller = (caller: ListeningSpan, span: ListeningSpan) => {
    const parent = trace.setSpan(rootContext, caller as unknown as Span);
    return new Operation(span as unknown as Span, trace.setSpan(parent, span as unknown as Span), parent);
  };

  test('ends the span and then runs in the context of the caller, whatever context calls it', () => {
    const [caller, span] = [new ListeningSpan(), new ListeningSpan()];
    const seen: unknown[] = [];
    const operation = inCaller(caller, span);
    const callback = operation.run(() =>
      operation.callback(function (this: unknown, ...args: unknown[]) {
        seen.push(trace.getActiveSpan(), endsOf(span), this, args);
        return 'result';
      }),
    );
    const receiver = {};
    const elsewhere = trace.setSpan(rootContext, new ListeningSpan() as unknown as Span);
    expect(context.with(elsewhere, () => callback.call(receiver, null, 1, 2))).toBe('result');
    expect(seen).toEqual([caller, 1, receiver, [null, 1, 2]]);
  });

  test('records a first argument that is an error', () => {
    const span = new ListeningSpan();
    inCaller(new ListeningSpan(), span).callback((_error: unknown) => {})(new Error('no'));
    expect(span.calls).toContainEqual({ code: ERROR, message: 'no' });
    expect(endsOf(span)).toBe(1);
  });

  test('keeps name and length, rethrows errors, and may be called again', () => {
    const span = new ListeningSpan();
    let calls = 0;
    const failure = new Error('thrown by the application');
    function done(_error: unknown, _rows: unknown) {
      calls++;
      throw failure;
    }
    const callback = inCaller(new ListeningSpan(), span).callback(done);
    expect([callback.name, callback.length]).toEqual(['done', 2]);
    for (const times of [1, 2]) {
      expect(() => callback(undefined, [])).toThrow(failure);
      expect([calls, endsOf(span)]).toEqual([times, 1]);
    }
    expect(span.calls).toEqual(['end']);
  });

  test('returns a value that is not a function unchanged', () => {
    expect(exchangeOf().callback(undefined)).toBeUndefined();
  });
});

describe('bindCallback', () => {
  test('runs in the context that was current, with the name, the length, this, the arguments and the result', () => {
    const caller = new ListeningSpan();
    const seen: unknown[] = [];
    function done(this: unknown, error: unknown, rows: unknown) {
      seen.push(trace.getActiveSpan(), this, error, rows);
      return 'result';
    }
    const inSpan = (span: ListeningSpan) => trace.setSpan(rootContext, span as unknown as Span);
    const callback = context.with(inSpan(caller), () => bindCallback(done));
    expect([callback.name, callback.length]).toEqual(['done', 2]);
    const receiver = {};
    expect(context.with(inSpan(new ListeningSpan()), () => callback.call(receiver, null, []))).toBe('result');
    expect(seen).toEqual([caller, receiver, null, []]);
  });

  test('returns a value that is not a function unchanged', () => {
    expect(bindCallback(undefined)).toBeUndefined();
  });
});

describe('endOn', () => {
  test('ends at close, and records an error before it without being its listener', () => {
    const span = new ListeningSpan();
    const emitter = new EventEmitter();
    exchangeOf(span).endOn(emitter);
    expect(() => emitter.emit('error', new Error('broken'))).toThrow('broken');
    expect(endsOf(span)).toBe(0);
    emitter.emit('close');
    emitter.emit('close');
    expect(span.calls).toContainEqual({ code: ERROR, message: 'broken' });
    expect(endsOf(span)).toBe(1);
    expect(emitter.eventNames()).toEqual([]);
  });

  test('ends at the first of several events', () => {
    const span = new ListeningSpan();
    const emitter = new EventEmitter();
    exchangeOf(span).endOn(emitter, 'end', 'close');
    emitter.emit('end');
    expect(endsOf(span)).toBe(1);
    expect(emitter.eventNames()).toEqual([]);
  });
});

import { EventEmitter } from 'node:events';
import { AsyncContextManager, rootContext } from '@clew/core';
import { bindCallback, Operation } from '@clew/core/plugin';
import { context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { endsOf, operationOf } from './listening-operation.ts';
import { ListeningSpan } from './listening-span.ts';

const ERROR = SpanStatusCode.ERROR;

beforeAll(() => context.setGlobalContextManager(new AsyncContextManager()));
afterAll(() => context.disable());

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
    expect(operationOf().callback(undefined)).toBeUndefined();
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
    operationOf(span).endOn(emitter);
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
    operationOf(span).endOn(emitter, 'end', 'close');
    emitter.emit('end');
    expect(endsOf(span)).toBe(1);
    expect(emitter.eventNames()).toEqual([]);
  });
});

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isTracingSuppressed, rootContext, suppressTracing } from '@clew/core';
import { createContextKey, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import fc from 'fast-check';

const [A, B] = [createContextKey('a'), createContextKey('b')];
const spanNamed = (name: string) => ({ name }) as unknown as Span;

describe('a context', () => {
  test('has the values that were set, and is immutable', () => {
    const one = rootContext.setValue(A, 1);
    const two = one.setValue(A, 2).setValue(B, 'b');
    expect([one.getValue(A), two.getValue(A), two.getValue(B)]).toEqual([1, 2, 'b']);
    expect([one.getValue(B), rootContext.getValue(A)]).toEqual([undefined, undefined]);
  });

  test('loses only the key that is deleted', () => {
    const context = rootContext.setValue(A, 1).setValue(B, 2);
    expect(context.deleteValue(A).getValue(A)).toBeUndefined();
    expect(context.deleteValue(A).getValue(B)).toBe(2);
    expect(context.getValue(A)).toBe(1);
  });

  test('keeps null, false and other falsy values', () => {
    for (const value of [null, false, 0, '', Number.NaN]) {
      expect(rootContext.setValue(A, value).getValue(A)).toBe(value);
    }
  });

  test('keeps the span, which the API finds, separately from values', () => {
    const [first, second] = [spanNamed('first'), spanNamed('second')];
    const context = trace.setSpan(rootContext.setValue(A, 1), first);
    const later = trace.setSpan(context, second).setValue(A, 2);
    expect(trace.getSpan(context)).toBe(first);
    expect(trace.getSpan(later)).toBe(second);
    expect([context.getValue(A), later.getValue(A)]).toEqual([1, 2]);
    expect(trace.getSpan(trace.deleteSpan(later))).toBeUndefined();
    expect(trace.deleteSpan(later).getValue(A)).toBe(2);
  });

  test('of a long chain has the last value of each key, like a Map', () => {
    const keys = Array.from({ length: 40 }, (_, index) => createContextKey(`key ${index}`));
    const span = createContextKey('OpenTelemetry Context Key SPAN');
    const step = fc.record({
      key: fc.constantFrom(...keys, span),
      value: fc.option(fc.integer(), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const model = new Map<symbol, unknown>();
        let context = rootContext;
        for (const { key, value } of steps) {
          model.set(key, value);
          context = value === undefined ? context.deleteValue(key) : context.setValue(key, value);
        }
        for (const key of [...keys, span]) expect(context.getValue(key)).toBe(model.get(key));
      }),
    );
  });

  test('releases shadowed values when a key is set repeatedly', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    let context = rootContext;
    const values: WeakRef<object>[] = [];
    for (let times = 0; times < 500; times++) {
      const value = { times };
      values.push(new WeakRef(value));
      context = context.setValue(A, value);
    }
    await new Promise((resolve) => setImmediate(resolve));
    gc();
    const kept = values.filter((value) => value.deref() !== undefined);
    expect(kept.length).toBeLessThan(30);
    expect(context.getValue(A)).toEqual({ times: 499 });
  });
});

describe('suppression', () => {
  test('applies to a context and to those derived from it', () => {
    const quiet = suppressTracing(rootContext);
    expect(isTracingSuppressed(rootContext)).toBe(false);
    expect(isTracingSuppressed(quiet)).toBe(true);
    expect(isTracingSuppressed(quiet.setValue(A, 1))).toBe(true);
    expect(isTracingSuppressed(quiet)).toBe(true);
  });

  test("is compatible with OpenTelemetry's SDKs, also in their contexts", () => {
    const key = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
    expect(isTracingSuppressed(ROOT_CONTEXT.setValue(key, true))).toBe(true);
    expect(isTracingSuppressed(ROOT_CONTEXT.setValue(key, 'yes'))).toBe(false);
    expect(suppressTracing(ROOT_CONTEXT).getValue(key)).toBe(true);
  });
});

import { ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { type ReadableSpan, TracerProvider } from '../src/index.ts';
import { keptSpans } from './kept-spans.ts';

const kept = keptSpans();
const tracer = new TracerProvider({ exporter: false, spanProcessors: [kept] }).getTracer('test', '1.0.0');

beforeEach(() => void kept.spans.splice(0));

/** Ends a span and returns it as seen by a processor. */
function ended(span: Span): ReadableSpan {
  span.end();
  return kept.spans.at(-1)!;
}

describe('times', () => {
  const nanos = ([seconds, rest]: readonly [number, number]) =>
    BigInt(seconds) * 1_000_000_000n + BigInt(rest);

  test('are wall-clock times', () => {
    const before = Date.now();
    const span = ended(tracer.startSpan('s'));
    const startedMs = Number(nanos(span.startTime)) / 1e6;
    expect(startedMs).toBeGreaterThan(before - 5);
    expect(startedMs).toBeLessThan(Date.now() + 5);
    expect(nanos(span.endTime) - nanos(span.startTime)).toBe(nanos(span.duration));
  });

  test.each([
    [
      'seconds and nanoseconds',
      [1_700_000_000, 987_654_321] as [number, number],
      [1_700_000_000, 987_654_321],
    ],
    ['a Date', new Date(1_700_000_000_123), [1_700_000_000, 123_000_000]],
    ['milliseconds', 1_700_000_000_123, [1_700_000_000, 123_000_000]],
  ])('accept %s', (_, time, expected) => {
    const span = tracer.startSpan('s', { startTime: time });
    span.addEvent('e', {}, time);
    span.end(time);
    expect(kept.spans[0]).toMatchObject({ startTime: expected, endTime: expected, duration: [0, 0] });
    expect(kept.spans[0]!.events[0]!.time).toEqual(expected);
  });

  test('accept readings of performance.now()', () => {
    const now = performance.now();
    const automatic = tracer.startSpan('automatic', { root: true });
    const span = tracer.startSpan('s', { startTime: now, root: true });
    span.end(Math.min(performance.now(), now + 0.25));
    automatic.end();
    const [given, ours] = kept.spans;
    const apart = nanos(ours!.startTime) - nanos(given!.startTime);
    expect(Number(apart)).toBeGreaterThanOrEqual(0);
    expect(Number(apart)).toBeLessThan(1e9);
  });

  test('an end before the start results in a duration of zero', () => {
    const span = tracer.startSpan('s', { startTime: [2000, 0] });
    span.end([1000, 0]);
    expect(kept.spans[0]).toMatchObject({ endTime: [2000, 0], duration: [0, 0] });
  });

  test('a child neither starts before its parent nor ends after it if their calls do not', () => {
    const parent = tracer.startSpan('parent');
    const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, parent));
    const inner = ended(child);
    const outer = ended(parent);
    expect(nanos(inner.startTime) >= nanos(outer.startTime)).toBe(true);
    expect(nanos(inner.endTime) <= nanos(outer.endTime)).toBe(true);
  });
});

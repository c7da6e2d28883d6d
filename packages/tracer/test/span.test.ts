import { type Link, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { type ReadableSpan, TracerProvider } from '../src/index.ts';
import { keptSpans } from './kept-spans.ts';

const kept = keptSpans();
const tracer = new TracerProvider({ exporter: false, spanProcessors: [kept] }).getTracer('test', '1.0.0');
const remote = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1, isRemote: true };

beforeEach(() => void kept.spans.splice(0));

/** Ends a span and returns it as seen by a processor. */
function ended(span: Span): ReadableSpan {
  span.end();
  return kept.spans.at(-1)!;
}

describe('a span', () => {
  test('stores name, kind, attributes, events and links', () => {
    const link: Link = { context: remote, attributes: { a: 1 } };
    const span = tracer.startSpan('first', {
      kind: SpanKind.PRODUCER,
      attributes: { a: 1, b: 'x' },
      links: [link],
    });
    span
      .updateName('second')
      .setAttribute('b', 'y')
      .setAttributes({ c: [true], d: null, e: undefined });
    span.addEvent('plain').addEvent('full', { n: 1 }, [5, 6]).addEvent('timed', new Date(7000));
    span.addLink({ context: { ...remote, isRemote: false } }).addLinks([link]);
    expect(ended(span)).toMatchObject({
      name: 'second',
      kind: SpanKind.PRODUCER,
      attributes: { a: 1, b: 'y', c: [true], d: null },
      events: [
        { name: 'plain' },
        { name: 'full', attributes: { n: 1 }, time: [5, 6] },
        { name: 'timed', time: [7, 0] },
      ],
      links: [link, { context: { ...remote, isRemote: false } }, link],
      ended: true,
      droppedAttributesCount: 0,
    });
  });

  test('copies a list or a map', () => {
    const list = ['a'];
    const map = { deep: { value: 1 } };
    const span = tracer.startSpan('s', { attributes: { list, map } });
    list.push('b');
    map.deep.value = 2;
    expect(ended(span).attributes).toEqual({ list: ['a'], map: { deep: { value: 1 } } });
  });

  test('drops and counts invalid values', () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const trap = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('trap');
      },
    });
    const span = tracer.startSpan('s', { attributes: { ok: 1, fn: () => 1, symbol: Symbol('s'), big: 1n } });
    span.setAttributes({ circular, date: new Date(), error: new Error('e'), trap, map: new Map(), '': 1 });
    span.setAttribute(undefined as unknown as string, 1);
    span.setAttributes(null as never).setAttributes('text' as never);
    expect(ended(span)).toMatchObject({ attributes: { ok: 1 }, droppedAttributesCount: 10 });
  });

  test('Ok is final, Error replaces Error, Unset changes nothing', () => {
    const span = tracer.startSpan('s');
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'one' });
    span.setStatus({ code: SpanStatusCode.UNSET });
    expect(kept.spans).toHaveLength(0);
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'two' });
    expect((span as unknown as ReadableSpan).status).toEqual({ code: SpanStatusCode.ERROR, message: 'two' });
    span.setStatus({ code: SpanStatusCode.OK, message: 'not for ok' });
    span.setStatus({ code: SpanStatusCode.ERROR });
    expect(ended(span).status).toEqual({ code: SpanStatusCode.OK });
  });

  test('records any thrown value', () => {
    const span = tracer.startSpan('s');
    span.recordException(new RangeError('too far'));
    span.recordException(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    span.recordException(Object.assign(new Error('x'), { name: 'MongoServerError', code: 11000 }));
    span.recordException('just text');
    span.recordException(42 as never);
    span.recordException(undefined as never);
    span.recordException(null as never);
    span.recordException({} as never);
    const { events } = ended(span);
    expect(events.map(({ attributes }) => attributes)).toEqual([
      {
        'exception.type': 'RangeError',
        'exception.message': 'too far',
        'exception.stacktrace': expect.stringContaining('RangeError: too far'),
      },
      {
        'exception.type': 'Error',
        'exception.message': 'refused',
        'exception.stacktrace': expect.any(String),
      },
      {
        'exception.type': 'MongoServerError',
        'exception.message': 'x',
        'exception.stacktrace': expect.any(String),
      },
      { 'exception.message': 'just text' },
      { 'exception.message': '42' },
      { 'exception.message': 'null' },
    ]);
    expect(events.every(({ name }) => name === 'exception')).toBe(true);
  });

  test('ignores calls after its end', () => {
    const span = tracer.startSpan('s', { attributes: { a: 1 } });
    const end = ended(span).endTime;
    expect(span.isRecording()).toBe(false);
    span
      .setAttribute('a', 2)
      .setAttributes({ b: 1 })
      .addEvent('e')
      .addLink({ context: remote })
      .updateName('t');
    span.addLinks([{ context: remote }]).setStatus({ code: SpanStatusCode.OK });
    span.recordException(new Error('e'));
    span.end([1, 1]);
    expect(kept.spans).toHaveLength(1);
    expect(kept.spans[0]).toMatchObject({
      name: 's',
      attributes: { a: 1 },
      events: [],
      links: [],
      status: { code: 0 },
      endTime: end,
    });
  });

  test('accepts arguments of wrong types', () => {
    const span = tracer.startSpan(Symbol('name') as never, {
      kind: 99 as never,
      links: 'x' as never,
      startTime: 'noon' as never,
    });
    span
      .addLink(undefined as never)
      .addLinks(null as never)
      .addEvent(7 as never, 'x' as never);
    span.setStatus(undefined as never).updateName(5 as never);
    expect(ended(span)).toMatchObject({
      name: '5',
      kind: SpanKind.INTERNAL,
      events: [{ name: '7' }],
      links: [],
    });
  });
});

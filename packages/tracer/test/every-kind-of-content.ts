import { createTraceState, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { TracerProvider } from '../src/index.ts';

export const remote = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 3,
  isRemote: true,
  traceState: createTraceState('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'),
};

/** Values of every type, and lengths and numbers on both sides of each change of their encoding. */
export const values = {
  text: 'short',
  empty: '',
  t63: 'x'.repeat(63),
  t64: 'x'.repeat(64),
  t65: 'x'.repeat(65),
  t127: 'x'.repeat(127),
  t128: 'x'.repeat(128),
  longer: 'ä'.repeat(20_000),
  umlaut: 'äöü',
  emoji: '😀'.repeat(40),
  ключ: 'значение',
  ['é'.repeat(40)]: 'ü'.repeat(40),
  ['é'.repeat(64)]: 12,
  ['k'.repeat(64)]: 'v'.repeat(64),
  ['k'.repeat(65)]: 'v',
  ['k'.repeat(63)]: 300,
  zero: 0,
  small: 127,
  port: 8080,
  edge: 16_383,
  over: 16_384,
  big: 2 ** 31,
  huge: 2 ** 53,
  most: 2 ** 63 - 1024,
  tooBig: 2 ** 63,
  negative: -1,
  least: -(2 ** 63),
  tooSmall: -(2 ** 63) - 2048,
  float: 0.1,
  tiny: 5e-324,
  infinity: Number.POSITIVE_INFINITY,
  yes: true,
  no: false,
  list: ['a', 'b'],
  numbers: [1, -2, 3.5],
  mixed: ['a', 1, true, null, ['nested', [1]]],
  map: { a: 1, b: { c: 'd', list: [{ e: false }] } },
  deep: [['x'.repeat(200), { long: 'y'.repeat(17_000) }]],
  nothing: null,
  bytes: new Uint8Array([0, 1, 255]),
  none: undefined,
  emptyList: [],
  emptyMap: {},
};

/** Records three spans of two scopes with everything that a span can hold. */
export function recordEverything(provider: TracerProvider): void {
  const tracer = provider.getTracer('scope', '1.2.3', {
    schemaUrl: 'https://opentelemetry.io/schemas/1.30.0',
  });
  const parent = tracer.startSpan(
    'GET /größe/😀',
    {
      kind: SpanKind.SERVER,
      startTime: [1_700_000_000, 123_456_789],
      links: [
        { context: remote, attributes: { why: 'batch', n: 1 } },
        { context: { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 0 } },
      ],
    },
    trace.setSpanContext(ROOT_CONTEXT, remote),
  );
  parent.setAttributes(values);
  parent.addEvent('event', { size: 1, text: 'ä' }, [1_700_000_001, 5]);
  parent.addEvent('bare', new Date(1_700_000_001_500));
  parent.setStatus({ code: SpanStatusCode.ERROR, message: 'it broke: ä' });
  const child = tracer.startSpan('child', undefined, trace.setSpan(ROOT_CONTEXT, parent));
  child.recordException(new TypeError('wrong'));
  child.end();
  provider.getTracer('other').startSpan('elsewhere').end();
  parent.end([1_700_000_002, 999_999_999]);
}

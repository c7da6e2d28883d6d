import { propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import {
  carriers,
  createPropagator,
  droppedFromWire,
  TRACE_FORMATS,
  type TraceFormat,
  w3cBaggage,
  w3cTraceContext,
} from '../src/index.ts';

const { mcpMetaGetter, withMcpContext } = carriers;
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const sender = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: TRACE_ID,
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
});
const baggage = propagation.createBaggage({ tenant: { value: 'a' } });

const propagatorOf = (...extract: TraceFormat[]) =>
  createPropagator({
    extract,
    inject: [w3cTraceContext],
    extractBeside: [w3cBaggage],
    injectBeside: [w3cBaggage],
  });

beforeAll(() => propagation.setGlobalPropagator(propagatorOf(w3cTraceContext)));
afterAll(() => propagation.disable());

const parentOf = (meta: unknown) =>
  trace.getSpanContext(propagation.extract(ROOT_CONTEXT, meta, mcpMetaGetter));

describe('the context of a message of MCP is written into _meta', () => {
  test('of a copy of the parameters', () => {
    const params = Object.freeze({ name: 'weather', _meta: Object.freeze({ progressToken: 1 }) });
    expect(withMcpContext(propagation.setBaggage(sender, baggage), params)).toEqual({
      name: 'weather',
      _meta: { progressToken: 1, traceparent, baggage: 'tenant=a' },
    });
  });

  test('also if there are no parameters', () => {
    expect(withMcpContext(sender, undefined)).toEqual({ _meta: { traceparent } });
    expect(withMcpContext(ROOT_CONTEXT, undefined)).toBeUndefined();
  });

  test.each([
    ['a trace context of the application', { _meta: { traceparent: 'its own' } }],
    ['a trace state of the application', { _meta: { tracestate: 'a=b' } }],
    ['parameters that are a list', [1]],
    ['parameters of a class', new (class Params {})()],
    ['a _meta that is not an object', { _meta: 'text' }],
  ])('%s: the parameters are unchanged', (_, params) => {
    expect(withMcpContext(sender, params)).toBe(params);
  });

  test('baggage of the application is kept', () => {
    const own = { _meta: { baggage: 'mine=1' } };
    expect(withMcpContext(propagation.setBaggage(sender, baggage), own)).toEqual({
      _meta: { traceparent, baggage: 'mine=1' },
    });
  });
});

describe('the context of a message of MCP is read', () => {
  test('from _meta', () => {
    expect(parentOf({ traceparent })).toMatchObject({ traceId: TRACE_ID, isRemote: true });
  });

  test("from dd-trace's key", () => {
    expect(parentOf({ _dd_trace_context: { traceparent } })).toMatchObject({ traceId: TRACE_ID });
  });

  test("from _meta rather than from dd-trace's key, and never from both", () => {
    const other = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const meta = { traceparent, _dd_trace_context: { traceparent: other, tracestate: 'dd=s:1' } };
    const parent = parentOf(meta);
    expect(parent?.traceId).toBe(TRACE_ID);
    expect(parent?.traceState?.serialize() ?? '').toBe('');
  });

  test("in Datadog's own format", () => {
    const propagator = propagatorOf(TRACE_FORMATS.get('datadog')!, TRACE_FORMATS.get('jaeger')!);
    const meta = { _dd_trace_context: { 'x-datadog-trace-id': '1', 'x-datadog-parent-id': '2' } };
    const extracted = propagator.extract(ROOT_CONTEXT, meta, mcpMetaGetter);
    expect(trace.getSpanContext(extracted)).toMatchObject({ traceId: '1'.padStart(32, '0') });
  });

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['text', traceparent],
    ['a list', [traceparent]],
    ['a number as traceparent', { traceparent: 1 }],
    ['a list as traceparent', { traceparent: [traceparent] }],
    ['an object as traceparent', { traceparent: { toString: () => traceparent } }],
    ['a long traceparent', { traceparent: '0'.repeat(1_000_000) }],
    ['an inherited traceparent', Object.create({ traceparent })],
    ['a _meta with a prototype from JSON', JSON.parse(`{"__proto__":{"traceparent":"${traceparent}"}}`)],
    ["a number under dd-trace's key", { _dd_trace_context: 1 }],
    ["null under dd-trace's key", { _dd_trace_context: null }],
    [
      'a getter that throws',
      {
        get traceparent(): string {
          throw new Error('hostile');
        },
      },
    ],
  ])('%s: there is no parent, and no error', (_, meta) => {
    expect(parentOf(meta)).toBeUndefined();
  });

  test('what is not text is counted', () => {
    const cause = 'mcp _meta: a value is not text';
    const before = droppedFromWire()[cause] ?? 0;
    parentOf({ traceparent: 1 });
    expect(droppedFromWire()[cause]).toBe(before + 1);
  });

  test('the names of a large _meta are bounded', () => {
    const large = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key-${index}`, 'x']));
    expect(mcpMetaGetter.keys({ ...large, _dd_trace_context: large })).toHaveLength(512);
  });
});

test('a header that does not fit is left out and counted', () => {
  const cause = 'mcp _meta: outgoing header does not fit';
  const before = droppedFromWire()[cause] ?? 0;
  propagation.disable();
  propagation.setGlobalPropagator({
    fields: () => ['large', 'small'],
    extract: (extracted) => extracted,
    inject(_, carrier, setter) {
      setter.set(carrier, 'large', 'x'.repeat(20_000));
      setter.set(carrier, 'small', 'x');
    },
  });
  expect(withMcpContext(sender, {})).toEqual({ _meta: { small: 'x' } });
  expect(droppedFromWire()[cause]).toBe(before + 1);
});

import { osloEnvelope } from '@clew/osprofiler';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { areStorable, idsOf, isFromOsprofiler } from '../../src/points/point-ids.ts';
import { BASE_ID, PARENT_ID } from '../golden-rows.ts';
import { childOf, makeSpan, receivedSpan } from './make-span.ts';

const SPAN = '00000000-0000-0000-00f0-67aa0ba902b7';

test('the first span of a service has the parent_id that it received, also its upper half', () => {
  const span = receivedSpan({ base_id: BASE_ID, parent_id: PARENT_ID });
  expect(idsOf(span)).toEqual({ base_id: BASE_ID, trace_id: SPAN, parent_id: PARENT_ID });
});

test('a span below it has the id of its local parent', () => {
  const child = childOf(receivedSpan({ base_id: BASE_ID, parent_id: PARENT_ID }));
  const ids = { base_id: BASE_ID, trace_id: '00000000-0000-0000-1111-222233334444', parent_id: SPAN };
  expect(idsOf(child)).toEqual(ids);
  expect(idsOf(childOf(child, '5555666677778888')).parent_id).toBe(ids.trace_id);
});

test.each([
  ['ids that are not UUIDs', 'my-trace', 'my-span'],
  ['ids without dashes', BASE_ID.replaceAll('-', ''), PARENT_ID.replaceAll('-', '')],
  ['ids in upper case', BASE_ID.toUpperCase(), PARENT_ID.toUpperCase()],
])('%s keep their text', (_, base_id, parent_id) => {
  expect(idsOf(receivedSpan({ base_id, parent_id }))).toEqual({ base_id, trace_id: SPAN, parent_id });
});

test('ids in the trace_info of an RPC keep their text, too', () => {
  const trace_info = { hmac_key: 'SECRET_KEY', base_id: BASE_ID.toUpperCase(), parent_id: PARENT_ID };
  const message = { method: 'build', args: {}, _unique_id: 'a', _context_trace_info: trace_info };
  const envelope = osloEnvelope({ hmacKeys: 'SECRET_KEY' });
  const read = envelope.read(Buffer.from(JSON.stringify(message)), {});
  if (read?.kind !== 'cast') throw new Error('expected a cast');
  const parent = trace.getSpanContext(read.extract?.(ROOT_CONTEXT) ?? ROOT_CONTEXT);
  if (parent === undefined) throw new Error('expected a parent');
  const context = { ...parent, spanId: '00f067aa0ba902b7', isRemote: false };
  const served = makeSpan({ context, parentSpanContext: parent });
  expect(isFromOsprofiler(served)).toBe(true);
  const { hmac_key: _, ...ids } = trace_info;
  expect(idsOf(served)).toEqual({ ...ids, trace_id: SPAN });
});

test.each([[{ base_id: BASE_ID }], [{ base_id: BASE_ID, parent_id: BASE_ID }]])(
  'without another parent (%j), the parent_id of the first span is the base_id',
  (ids) => {
    expect(idsOf(receivedSpan(ids))).toEqual({ base_id: BASE_ID, trace_id: SPAN, parent_id: BASE_ID });
  },
);

test('a trace that starts here has its trace id as base_id', () => {
  const base_id = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa';
  expect(idsOf(makeSpan())).toEqual({ base_id, trace_id: SPAN, parent_id: base_id });
  expect(idsOf(receivedSpan({ base_id: null }))).toEqual({ base_id, trace_id: SPAN, parent_id: base_id });
});

test('a span of another trace does not get the ids of the received one', () => {
  const span = receivedSpan({ base_id: BASE_ID, parent_id: PARENT_ID });
  const moved = makeSpan({ context: { ...span.spanContext(), traceId: 'b'.repeat(32) } });
  expect(idsOf(moved).base_id).toBe('bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb');
});

test.each([
  ['a'.repeat(255), true],
  ['a'.repeat(256), false],
  ['a\0b', false],
  ['a\nb', false],
  ['\ud800', false],
  ['ünï-cødé 🙂', true],
])('whether a database stores the id %j: %s', (id, expected) => {
  const ids = { base_id: BASE_ID, trace_id: SPAN, parent_id: PARENT_ID };
  expect(areStorable({ ...ids, base_id: id })).toBe(expected);
  expect(areStorable({ ...ids, parent_id: id })).toBe(expected);
});

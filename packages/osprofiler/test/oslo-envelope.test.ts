import {
  createPropagator,
  droppedFromWire,
  type EnvelopedRequest,
  rootContext,
  w3cTraceContext,
} from '@clew/core';
import { applyTrust, incomingOf, isSigned } from '@clew/core/internal';
import { type Context, propagation, trace } from '@opentelemetry/api';
import { osloEnvelope, osloEnvelopeFromEnvironment } from '../src/index.ts';

const wrap = (text: string) => Buffer.from(JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': text }));
const request = (more: object = {}) =>
  wrap(JSON.stringify({ method: 'add', args: { a: 2 }, _unique_id: 'u', ...more }));
const call = { _msg_id: 'm1', _reply_q: 'reply_1' };
const reply = (more: object) =>
  wrap(
    JSON.stringify({ result: null, failure: null, ending: true, _msg_id: 'm1', _unique_id: 'u', ...more }),
  );
const read = (content: Buffer, exchange = 'openstack', hmacKeys?: string) =>
  osloEnvelope(hmacKeys === undefined ? {} : { hmacKeys }).read(content, { exchange });

const info = {
  hmac_key: 'SECRET_KEY',
  base_id: '3f2b6c1e-8d47-4a0e-9b6d-0c5a7e1f2d34',
  parent_id: '77777777-1111-4222-8333-444444444444',
};
const spanContext = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  traceFlags: 1,
};
const inSpan = (more: object = {}): Context => trace.setSpanContext(rootContext, { ...spanContext, ...more });

test('call, cast and fanout are distinguished', () => {
  expect(read(request(call))).toEqual({ kind: 'call', method: 'add', id: 'm1', replyTo: 'reply_1' });
  expect(read(request())).toEqual({ kind: 'cast', method: 'add' });
  expect(read(request(), 'songs_fanout')).toEqual({ kind: 'fanout', method: 'add' });
});

test('a message without the envelope, as before version 2.0, is read', () => {
  const bare = Buffer.from(JSON.stringify({ method: 'add', args: {}, _unique_id: 'u', ...call }));
  expect(read(bare)).toEqual({ kind: 'call', method: 'add', id: 'm1', replyTo: 'reply_1' });
});

test('a reply, a heartbeat, a failure of a built-in class and one of a module are read', () => {
  const failure = (module: string) => JSON.stringify({ class: 'ValueError', module, message: 'because' });
  expect(read(reply({ result: 5 }))).toEqual({ kind: 'reply', id: 'm1', more: false });
  expect(read(reply({ ending: false }))).toEqual({ kind: 'reply', id: 'm1', more: true });
  expect(read(reply({ failure: failure('builtins') }))).toMatchObject({
    failure: { type: 'ValueError', message: 'because' },
  });
  expect(read(reply({ failure: failure('nova.exception') }))).toMatchObject({
    failure: { type: 'nova.exception.ValueError' },
  });
});

test.each([
  ['the JSON of another application', Buffer.from('{"method":"add"}')],
  ['a notification', wrap('{"event_type":"x","_unique_id":"u"}')],
  ['an empty body', Buffer.alloc(0)],
  ['more than a megabyte', request({ args: 'x'.repeat(1_048_576) })],
])('%s is not read as a message', (_what, content) => {
  expect(read(content)).toBeUndefined();
});

test('the trace is added to the text, so that numbers beyond JavaScript’s precision are unchanged', () => {
  const text = '{"method": "add", "args": {"id": 12345678901234567890}, "_unique_id": "u"}';
  const reading = read(wrap(text), 'openstack', 'SECRET_KEY') as EnvelopedRequest;
  const written = reading.inject?.(inSpan());
  const { 'oslo.message': inner, 'oslo.version': version } = JSON.parse(String(written));
  expect(version).toBe('2.0');
  expect(inner).toBe(
    `${text.slice(0, -1)}, "_context_trace_info": {"hmac_key":"SECRET_KEY",` +
      '"base_id":"4bf92f35-77b3-4da6-a3ce-929d0e0e4736","parent_id":"00000000-0000-0000-00f0-67aa0ba902b7"}}',
  );
});

test('only sampled traces are written, and only with keys', () => {
  const reading = read(request(), 'openstack', 'SECRET_KEY') as EnvelopedRequest;
  expect(reading.inject?.(inSpan({ traceFlags: 0 }))).toBeUndefined();
  expect(reading.inject?.(rootContext)).toBeUndefined();
  expect('inject' in (read(request()) as EnvelopedRequest)).toBe(false);
});

test('a trace with a known key is continued as signed; a trace in the headers has priority', () => {
  const reading = read(
    request({ _context_trace_info: info }),
    'openstack',
    'OTHER,SECRET_KEY',
  ) as EnvelopedRequest;
  const came = reading.extract?.(rootContext) as Context;
  expect(trace.getSpanContext(came)).toMatchObject({
    traceId: '3f2b6c1e8d474a0e9b6d0c5a7e1f2d34',
    spanId: '8333444444444444',
    traceFlags: 1,
    isRemote: true,
  });
  expect(isSigned(came)).toBe(true);
  const headers = inSpan();
  expect(reading.extract?.(headers)).toBe(headers);
});

test.each([
  ['an unknown HMAC key', { ...info, hmac_key: 'GUESSED' }],
  ['no HMAC key', { ...info, hmac_key: undefined }],
  ['ids that are not text', { ...info, base_id: 7 }],
  ['a member that OSProfiler does not support', { ...info, service: 'nova' }],
  ['text', 'text'],
  ['null', null],
])('%s: the message’s trace is ignored', (_what, value) => {
  const reading = read(
    request({ _context_trace_info: value }),
    'openstack',
    'SECRET_KEY',
  ) as EnvelopedRequest;
  const came = reading.extract?.(rootContext) as Context;
  expect(trace.getSpanContext(came)).toBeUndefined();
  expect(incomingOf(came)?.samplingHint).toBeUndefined();
  expect(isSigned(came)).toBe(false);
});

test('a chain is continued with the key and the id with which it was received', () => {
  const first = read(
    request({ _context_trace_info: { ...info, base_id: 'My Trace' } }),
    'x',
    'NEW,SECRET_KEY',
  );
  const came = (first as EnvelopedRequest).extract?.(rootContext) as Context;
  const second = read(request(), 'x', 'NEW,SECRET_KEY') as EnvelopedRequest;
  const { 'oslo.message': inner } = JSON.parse(String(second.inject?.(came)));
  expect(JSON.parse(inner)._context_trace_info).toMatchObject({
    hmac_key: 'SECRET_KEY',
    base_id: 'My Trace',
  });
});

test('an empty base_id starts a new trace each time, and an empty parent_id counts as missing', () => {
  const extracted = (more: object) => {
    const reading = read(request({ _context_trace_info: { ...info, ...more } }), 'openstack', 'SECRET_KEY');
    return (reading as EnvelopedRequest).extract?.(rootContext) as Context;
  };
  const came = extracted({ base_id: '' });
  expect(trace.getSpanContext(came)).toBeUndefined();
  expect(incomingOf(came)?.samplingHint).toBe('sample');
  expect(incomingOf(came)?.traceId).toBeUndefined();
  expect(trace.getSpanContext(extracted({ parent_id: '' }))).toBeUndefined();
});

test('a trace_info of the application is sent unchanged', () => {
  const reading = read(request({ _context_trace_info: info }), 'openstack', 'SECRET_KEY') as EnvelopedRequest;
  expect(reading.inject?.(inSpan())).toBeUndefined();
  const empty = read(request({ _context_trace_info: null }), 'openstack', 'SECRET_KEY') as EnvelopedRequest;
  expect(empty.inject?.(inSpan())).toBeDefined();
});

test('a call has the timeouts of its caller, in total and for a heartbeat; a cast has none', () => {
  const times = (text: object, expiration?: string) => {
    const content = request(text);
    const { timeoutMs, silenceTimeoutMs } = osloEnvelope().read(content, { expiration }) as EnvelopedRequest;
    return [timeoutMs, silenceTimeoutMs];
  };
  expect(times({ ...call, _timeout: 2 }, '60000')).toEqual([60_000, 2000]);
  expect(times({ ...call, _timeout: null })).toEqual([undefined, undefined]);
  expect(times({ ...call, _timeout: ['1'] }, 'soon')).toEqual([undefined, undefined]);
  expect(times({ ...call, _timeout: -1 }, '0')).toEqual([undefined, undefined]);
  expect(times({}, '60000')).toEqual([undefined, undefined]);
});

test.each([257, 50_000, 900_000])('an id of %d characters is rejected', (length) => {
  const cause = 'osprofiler: id beyond 256 characters';
  for (const name of ['base_id', 'parent_id']) {
    const before = droppedFromWire()[cause] ?? 0;
    const long = { ...info, [name]: 'x'.repeat(length) };
    const reading = read(request({ _context_trace_info: long }), 'x', 'SECRET_KEY') as EnvelopedRequest;
    const came = reading.extract?.(rootContext) as Context;
    expect(trace.getSpanContext(came)).toBeUndefined();
    expect(incomingOf(came)?.samplingHint).toBeUndefined();
    expect(droppedFromWire()[cause]).toBe(before + 1);
  }
});

test('a trace that was received unsigned, or starts because of a wrong key, is not written with a key of this service', () => {
  const w3c = createPropagator({
    extract: [w3cTraceContext],
    inject: [],
    extractBeside: [],
    injectBeside: [],
  });
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const getter = { get: (headers: Record<string, string>, name: string) => headers[name], keys: Object.keys };
  const reading = read(request(), 'x', 'SECRET_KEY') as EnvelopedRequest;
  const unsigned = w3c.extract(rootContext, { traceparent }, getter);
  expect(reading.inject?.(unsigned)).toBeUndefined();
  const wrong = read(
    request({ _context_trace_info: { ...info, hmac_key: 'GUESSED' } }),
    'x',
    'SECRET_KEY',
  ) as EnvelopedRequest;
  const refused = trace.setSpanContext(wrong.extract?.(rootContext) as Context, spanContext);
  expect(reading.inject?.(refused)).toBeUndefined();
  expect(reading.inject?.(inSpan())).toBeDefined();
});

test('the key in a message makes its trace trusted, but not its baggage', () => {
  const reading = read(request({ _context_trace_info: info }), 'x', 'SECRET_KEY') as EnvelopedRequest;
  const baggage = propagation.createBaggage({ admin: { value: 'yes' } });
  const came = reading.extract?.(propagation.setBaggage(rootContext, baggage)) as Context;
  const trusted = applyTrust(came, { trace: 'ignore', baggage: 'drop' });
  expect(trace.getSpanContext(trusted)?.traceId).toBe(info.base_id.replaceAll('-', ''));
  expect(propagation.getBaggage(trusted)).toBeUndefined();
});

describe('CLEW_OSPROFILER_HMAC_KEYS', () => {
  const before = process.env.CLEW_OSPROFILER_HMAC_KEYS;
  afterEach(() => {
    if (before === undefined) delete process.env.CLEW_OSPROFILER_HMAC_KEYS;
    else process.env.CLEW_OSPROFILER_HMAC_KEYS = before;
  });
  const injected = (keys: string | undefined) => {
    if (keys === undefined) delete process.env.CLEW_OSPROFILER_HMAC_KEYS;
    else process.env.CLEW_OSPROFILER_HMAC_KEYS = keys;
    const reading = osloEnvelopeFromEnvironment().read(request(), {}) as EnvelopedRequest;
    return reading.inject?.(inSpan())?.toString();
  };

  test('has the keys of the envelope; the first one is written', () => {
    expect(injected('NEW, OLD')).toContain('\\"hmac_key\\":\\"NEW\\"');
  });

  test('not set or empty: messages are unchanged', () => {
    expect(injected(undefined)).toBeUndefined();
    expect(injected('')).toBeUndefined();
  });

  test('without a key: an error that does not contain the value', () => {
    expect(() => injected(' , ')).toThrow('expected hmacKeys to be text with at least one key, got a string');
  });
});

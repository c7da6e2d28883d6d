import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { osloEnvelope } from '@clew/osprofiler';
import { recordSpans } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import { newest } from '../amqplib/apis.ts';
import { inSpan, named, traced, until } from '../amqplib/traced.ts';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { osloClient, osloServer } from './oslo.ts';

const recorder = recordSpans();
const TOPIC = 'clew-python';
const KEY = 'SECRET_KEY';
const envelopes = [osloEnvelope({ hmacKeys: KEY })];
let broker: Rabbitmq;
let peer: ChildProcess | undefined;

beforeAll(async () => {
  broker = await rabbitmq();
  peer = await startPeer(broker.url);
}, 180_000);

afterAll(async () => {
  if (peer !== undefined) {
    const ended = once(peer, 'exit');
    peer.stdin?.end();
    await ended;
  }
  await broker.stop();
});

async function startPeer(url: string): Promise<ChildProcess> {
  const python = '/usr/bin/python3';
  const has = () => {
    try {
      execFileSync(python, ['-c', 'import oslo_messaging, osprofiler'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  if (!has() && process.getuid?.() === 0) {
    const packages = ['python3-oslo.messaging', 'python3-osprofiler'];
    execFileSync('apt-get', ['update'], { stdio: 'ignore' });
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { stdio: 'ignore' });
  }
  if (!has())
    throw new Error('There is no oslo.messaging: install python3-oslo.messaging and python3-osprofiler.');
  const child = spawn(python, [join(__dirname, 'peer.py'), url, TOPIC], { stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const started = await Promise.race([
    once(child.stdout, 'data').then(() => true),
    once(child, 'exit').then(() => false),
  ]);
  if (!started) throw new Error(`The Python program did not start: ${errors}`);
  return child;
}

/** The ids of OSProfiler that the Python service would pass on. */
interface TraceInfo {
  readonly hmac_key: string;
  readonly base_id: string;
  readonly parent_id: string;
}

test('a Node service calls a Python service: the span is named after the method, and the trace is in the message', () =>
  traced(newest, broker.url, { envelopes }, async (_connection, channel) => {
    const client = await osloClient(channel);
    const result = (await inSpan('caller', () => client.call(TOPIC, 'add', { a: 2, b: 3 }))) as {
      sum: number;
      trace_info: TraceInfo;
    };
    const spans = await recorder.take(2);
    const call = named(spans, 'add');
    expect(result.sum).toBe(5);
    expect(result.trace_info).toEqual({
      hmac_key: KEY,
      base_id: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
      parent_id: `00000000-0000-0000-${call.spanId.slice(0, 4)}-${call.spanId.slice(4)}`,
    });
    expect(result.trace_info.base_id.replaceAll('-', '')).toBe(call.traceId);
    expect(call).toMatchObject({
      kind: SpanKind.CLIENT,
      parentSpanId: named(spans, 'caller').spanId,
      attributes: {
        'rpc.system.name': 'oslo.messaging',
        'rpc.method': 'add',
        'messaging.destination.name': `openstack:${TOPIC}`,
      },
    });
  }));

test('the Python service calls back the Node service in the same trace', () =>
  traced(newest, broker.url, { envelopes }, async (connection, channel) => {
    await osloServer(await connection.channel(), 'clew-node', {
      multiply: ({ a = 0, b = 0 }) => inSpan('work', () => a * b),
    });
    const client = await osloClient(channel);
    const args = { topic: 'clew-node', method: 'multiply', args: { a: 6, b: 7 } };
    expect(await inSpan('caller', () => client.call(TOPIC, 'ask', args))).toBe(42);
    const spans = await recorder.take(4);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    const served = named(spans, 'multiply');
    expect(served).toMatchObject({ kind: SpanKind.SERVER, parentIsRemote: true });
    // Its parent is a span of the Python service.
    expect(served.parentSpanId).not.toBe(named(spans, 'ask').spanId);
    expect(named(spans, 'work').parentSpanId).toBe(served.spanId);
  }));

test('failures are errors on both sides, whichever side fails', () =>
  traced(newest, broker.url, { envelopes }, async (connection, channel) => {
    await osloServer(await connection.channel(), 'clew-node', {
      fail: () => {
        throw new RangeError('too many');
      },
    });
    const client = await osloClient(channel);
    await expect(client.call(TOPIC, 'boom', { why: 'because' })).rejects.toThrow('because');
    const args = { topic: 'clew-node', method: 'fail', args: {} };
    await expect(client.call(TOPIC, 'ask', args)).rejects.toThrow('too many');
    const spans = await recorder.take(3);
    expect(spans.map(({ name, kind, attributes }) => [name, kind, attributes['error.type']])).toEqual([
      ['boom', SpanKind.CLIENT, 'ValueError'],
      ['ask', SpanKind.CLIENT, expect.stringContaining('RemoteError')],
      ['fail', SpanKind.SERVER, 'shop.errors.RangeError'],
    ]);
    expect(spans[0]?.status.message).toBe('because');
  }));

test('heartbeats of a long call are not replies, and keep the caller waiting', () =>
  traced(newest, broker.url, { envelopes, callTimeoutMs: 100 }, async (_connection, channel) => {
    const client = await osloClient(channel);
    expect(await client.call(TOPIC, 'slow', { seconds: 5 }, { callMonitorTimeout: 4 })).toBe('slept');
    const [call] = await recorder.take(1);
    expect(call!.endTimeMs - call!.startTimeMs).toBeGreaterThan(4900);
    expect(call!.events.map(({ name }) => name)).toContain('reply pending');
    expect(call!.attributes['error.type']).toBeUndefined();
  }));

test('a call ends at the caller’s timeout: before a late reply, without a reply, and without a heartbeat', () =>
  traced(newest, broker.url, { envelopes }, async (_connection, channel) => {
    const client = await osloClient(channel);
    const late = inSpan('caller', () => client.call(TOPIC, 'slow', { seconds: 2 }, { timeout: 1 }));
    await expect(late).rejects.toThrow('Timed out');
    await expect(client.call('clew-nowhere', 'gone', {}, { timeout: 0.5 })).rejects.toThrow('Timed out');
    void client.call('clew-nowhere', 'silent', {}, { callMonitorTimeout: 1 });
    const spans = await recorder.take(4);
    for (const [name, timeoutMs] of [
      ['slow', 1000],
      ['gone', 500],
      ['silent', 1000],
    ] as const) {
      const span = named(spans, name);
      expect(span).toMatchObject({
        kind: SpanKind.CLIENT,
        status: { message: `no reply within ${timeoutMs} ms` },
        attributes: { 'error.type': 'timeout' },
      });
      expect(span.endTimeMs - span.startTimeMs).toBeGreaterThanOrEqual(timeoutMs - 1);
      // A busy machine runs timers late; the message states which one has ended it.
      expect(span.endTimeMs - span.startTimeMs).toBeLessThan(timeoutMs + 5000);
    }
    expect(await client.call(TOPIC, 'slow', { seconds: 0 }, { timeout: 30 })).toBe('slept');
    // By then the late reply was received, without a span.
    const [inTime] = await recorder.take(1);
    expect(inTime?.attributes['error.type']).toBeUndefined();
  }));

test('casts and fanouts are messages, named by their method and distinguished by clew.rpc.kind', () =>
  traced(newest, broker.url, { envelopes }, async (connection, channel) => {
    let told: unknown;
    await osloServer(await connection.channel(), 'clew-node', {
      told: ({ what }) => {
        told = what;
      },
    });
    const client = await osloClient(channel);
    client.cast(TOPIC, 'note', { text: 'hello' });
    client.fanout(TOPIC, 'note', { text: 'to all' });
    await client.call(TOPIC, 'tell', { topic: 'clew-node', method: 'told', args: { what: 'news' } });
    await until('the cast is delivered', () => told === 'news');
    const spans = await recorder.take(4);
    expect(spans.map(({ name, kind, attributes }) => [name, kind, attributes['clew.rpc.kind']])).toEqual([
      ['note', SpanKind.PRODUCER, 'cast'],
      ['note', SpanKind.PRODUCER, 'fanout'],
      ['tell', SpanKind.CLIENT, undefined],
      ['told', SpanKind.CONSUMER, 'cast'],
    ]);
    expect(named(spans, 'told').traceId).toBe(named(spans, 'tell').traceId);
    const notes = (await client.call(TOPIC, 'notes', {})) as string[];
    expect(notes).toEqual(expect.arrayContaining(['hello', 'to all']));
    await recorder.take(1);
  }));

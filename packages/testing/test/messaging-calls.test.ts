import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { context, type Span, SpanKind, trace } from '@opentelemetry/api';
import { type RecordedSpan, recordSpans } from '../src/index.ts';
import { openChannel, type Parcel, parcel } from './toy-broker.ts';

// Calls that no single reply ends: without a reply, late, forwarded, sent twice.

const recorder = recordSpans();
const activeSpanId = () => trace.getActiveSpan()?.spanContext().spanId;
const laterTurn = () => new Promise((resolve) => setImmediate(resolve));
/** Waits until this number of spans is open. */
async function untilOpen(count: number): Promise<void> {
  while (recorder.open().length !== count) await laterTurn();
}
const request = (id: string, more: Partial<Parcel> = {}) =>
  parcel('sum', { id, replyTo: 'replies', ...more });
const errorsOf = (spans: readonly RecordedSpan[]) => spans.map(({ attributes }) => attributes['error.type']);
const ofKind = (spans: readonly RecordedSpan[], kind: SpanKind) => spans.filter((span) => span.kind === kind);
/** A delivery has the headers of the message in new objects. */
const delivered = (sent: Parcel): Parcel => ({ ...sent, headers: { ...sent.headers } });

function inSpan<T>(name: string, run: (span: Span) => T): T {
  const span = trace.getTracer('test').startSpan(name);
  try {
    return context.with(trace.setSpan(context.active(), span), () => run(span));
  } finally {
    span.end();
  }
}

describe('a request without a reply', () => {
  test('ends without an error when it is settled and its handler is done', async () => {
    const channel = openChannel({ consumeTimeoutMs: 60_000 })();
    channel.process(request('a'), 1, () => channel.settle(1, false, 'ack'));
    const [sync] = await recorder.take(1);
    void channel.process(request('b'), undefined, async () => {});
    const [unsettled] = await recorder.take(1);
    channel.process(request('c'), 2, () => {});
    channel.settle(2, false, 'ack');
    const [settledLater] = await recorder.take(1);
    for (const span of [sync, unsettled, settledLater])
      expect(span).toMatchObject({ kind: SpanKind.SERVER, status: { code: 0 } });
  });

  test('ends at the time when it was done, however long the turn of the event loop takes', async () => {
    const channel = openChannel()();
    channel.process(request('a'), undefined, () => {});
    const until = performance.now() + 30;
    while (performance.now() < until);
    const [span] = await recorder.take(1);
    expect(span!.endTimeMs - span!.startTimeMs).toBeLessThan(25);
  });

  test('a reply later in the same turn still belongs to it, and so does the failure in the reply', async () => {
    const channel = openChannel()();
    await channel.process(request('a'), undefined, async () => {
      process.nextTick(() => {
        const failure = { type: 'OutOfStock', message: 'out of stock' };
        channel.send(parcel('replies', { id: 'a', failure }), () => true);
      });
    });
    const spans = await recorder.take(1);
    expect(errorsOf(spans)).toEqual(['OutOfStock']);
  });

  test('a later reply is a message of its trace, wherever it is sent from', async () => {
    const channel = openChannel()();
    const [insideReply, outsideReply] = [
      parcel('replies', { id: 'inside' }),
      parcel('replies', { id: 'outside' }),
    ];
    let current = context.active();
    for (const [number, id] of ['inside', 'outside'].entries()) {
      channel.process(request(id), number, () => {
        if (id === 'inside') current = context.active();
        channel.settle(number, false, 'ack');
      });
    }
    const served = await recorder.take(2);
    context.with(current, () => inSpan('work', () => channel.send(insideReply, () => true)));
    inSpan('elsewhere', () => channel.send(outsideReply, () => true));
    const spans = await recorder.take(4);
    const [inside, outside] = ofKind(spans, SpanKind.PRODUCER);
    const work = spans.find(({ name }) => name === 'work');
    expect(inside).toMatchObject({ name: 'send replies', parentSpanId: work?.spanId });
    expect(work?.parentSpanId).toBe(served[0]?.spanId);
    expect(outside).toMatchObject({ name: 'send replies', parentSpanId: served[1]?.spanId });
    expect(insideReply.headers.traceparent).toContain(inside?.spanId);
    expect(outsideReply.headers.traceparent).toContain(outside?.spanId);
    // Only the first late reply is paired with the request.
    channel.send(parcel('replies', { id: 'outside' }), () => true);
    const [another] = await recorder.take(1);
    expect(another?.parentSpanId).toBeUndefined();
  });

  test('several replies: the span lasts until the last one, or until the channel closes', async () => {
    const channel = openChannel()();
    for (const id of ['a', 'b']) {
      channel.process(request(id), undefined, () => {
        channel.send(parcel('replies', { id, more: true }), () => true);
      });
    }
    await laterTurn();
    await laterTurn();
    expect(recorder.open()).toHaveLength(2);
    channel.send(parcel('replies', { id: 'a' }), () => true);
    expect(recorder.open()).toHaveLength(1);
    channel.close({ type: 'channel_closed', message: 'over' });
    expect(errorsOf(await recorder.take(2))).toEqual([undefined, undefined]);
  });

  test('the contexts for late replies are bounded, and dropped when the channel closes', async () => {
    const open = openChannel();
    const [channel, sender] = [open(), open()];
    const serve = (id: string) => channel.process(request(id), undefined, () => {});
    const parentOfReply = async (id: string) => {
      sender.send(parcel('replies', { id }), () => true);
      return (await recorder.take(1))[0]?.parentSpanId;
    };
    for (let id = 0; id < 1001; id++) serve(`${id}`);
    serve('x'.repeat(600));
    await recorder.take(1002);
    expect(await parentOfReply('0')).toBeUndefined();
    expect(await parentOfReply('x'.repeat(600))).toBeUndefined();
    expect(await parentOfReply('1000')).toBeDefined();
    channel.close({ type: 'channel_closed', message: 'over' });
    expect(await parentOfReply('999')).toBeUndefined();
  });
});

test('the contexts for late replies do not keep messages in memory', async () => {
  const channel = openChannel()();
  let message: Parcel | undefined = request('a', { headers: {} });
  const weak = new WeakRef(message);
  channel.process(message, undefined, () => {});
  message = undefined;
  await recorder.take(1);
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let round = 0; weak.deref() !== undefined && round < 50; round++) {
    await laterTurn();
    gc();
  }
  expect(weak.deref()).toBeUndefined();
  const reply = parcel('replies', { id: 'a' });
  channel.send(reply, () => true);
  expect(await recorder.take(1)).toMatchObject([{ parentSpanId: expect.any(String) }]);
});

describe('a request that is sent to another consumer', () => {
  test('its span ends, and the span of the next consumer, which replies, is its child', async () => {
    const open = openChannel({ callTimeoutMs: 60_000 });
    const [client, server] = [open(), open()];
    client.listen('replies');
    const first = request('a');
    client.send(first, () => true);
    const next = request('a');
    server.process(delivered(first), 1, () => {
      server.send(next, () => true);
      server.settle(1, false, 'ack');
    });
    expect(recorder.open()).toMatchObject([{ kind: SpanKind.CLIENT }]);
    const reply = parcel('replies', { id: 'a' });
    server.process(delivered(next), 2, () => {
      server.send(reply, () => true);
      server.settle(2, false, 'ack');
    });
    expect(recorder.open()).toMatchObject([{ kind: SpanKind.CLIENT }]);
    client.process(delivered(reply), undefined, () => {});
    const spans = await recorder.take(3);
    const [call, delegating, last] = spans;
    expect(errorsOf(spans)).toEqual([undefined, undefined, undefined]);
    expect(call).toMatchObject({ kind: SpanKind.CLIENT });
    expect(delegating).toMatchObject({ kind: SpanKind.SERVER, parentSpanId: call?.spanId });
    expect(delegating?.events.map(({ name }) => name)).toEqual(['handed over', 'ack']);
    expect(last).toMatchObject({ kind: SpanKind.SERVER, parentSpanId: delegating?.spanId });
  });

  test('a copy is sent, and the first consumer replies: its span has the failure in the reply', async () => {
    const channel = openChannel()();
    const failure = { type: 'OutOfStock', message: 'out of stock' };
    channel.process(request('a'), undefined, () => {
      channel.send(request('a', { topic: 'audit' }), () => true);
      channel.send(parcel('replies', { id: 'a', failure }), () => true);
    });
    expect(errorsOf(await recorder.take(1))).toEqual(['OutOfStock']);
  });

  test('outside of its context, and after its end', async () => {
    const open = openChannel({ callTimeoutMs: 60_000 });
    const channel = open();
    channel.process(request('open'), 1, () => {});
    const early = request('open');
    channel.send(early, () => true);
    channel.settle(1, false, 'ack');
    channel.process(request('ended'), undefined, () => {});
    const served = await recorder.take(2);
    const late = request('ended');
    channel.send(late, () => true);
    expect(recorder.open()).toEqual([]);
    expect(early.headers.traceparent).toContain(served[0]?.spanId);
    expect(late.headers.traceparent).toContain(served[1]?.spanId);
  });

  test('inside a span of the application, which is then the parent of the span of the next consumer', async () => {
    const channel = openChannel()();
    const next = request('a');
    channel.process(request('a'), undefined, () => inSpan('work', () => channel.send(next, () => true)));
    const [, work] = await recorder.take(2);
    expect(next.headers.traceparent).toContain(work?.spanId);
  });
});

describe('requests with the same id', () => {
  test('a reply ends the request in whose context it is sent, else the first one', async () => {
    const channel = openChannel()();
    const reply = () => channel.send(parcel('replies', { id: 'a' }), () => true);
    const replies: (() => void)[] = [];
    const spanIds: (string | undefined)[] = [];
    for (const number of [1, 2, 3]) {
      channel.process(request('a'), number, () => {
        const current = context.active();
        spanIds.push(activeSpanId());
        replies.push(() => context.with(current, () => inSpan('work', reply)));
      });
    }
    const openIds = () => recorder.open().map(({ spanId }) => spanId);
    channel.settle(0, true, 'ack');
    replies[1]?.();
    expect(openIds()).toEqual([spanIds[0], spanIds[2]]);
    reply();
    expect(openIds()).toEqual([spanIds[2]]);
    await recorder.take(4);
  });

  test('a retry in the process of the server is a call, and the reply ends both', async () => {
    const open = openChannel({ callTimeoutMs: 60_000 });
    const [client, server] = [open(), open()];
    client.listen('replies');
    const [one, two] = [request('a'), request('a')];
    client.send(one, () => true);
    server.process(delivered(one), undefined, () => {});
    client.send(two, () => true);
    server.process(delivered(two), undefined, () => {
      server.send(parcel('replies', { id: 'a' }), () => true);
    });
    client.process(parcel('replies', { id: 'a' }), undefined, () => {});
    const spans = await recorder.take(4);
    expect(errorsOf(spans)).toEqual([undefined, undefined, undefined, undefined]);
    const calls = ofKind(spans, SpanKind.CLIENT).map(({ spanId }) => spanId);
    expect(ofKind(spans, SpanKind.SERVER).map(({ parentSpanId }) => parentSpanId)).toEqual(calls);
  });

  test('to several destinations: each reply ends one', async () => {
    const channel = openChannel()();
    channel.send(parcel('north', { id: 'a', replyTo: 'replies' }), () => true);
    channel.send(parcel('south', { id: 'a', replyTo: 'replies' }), () => true);
    channel.process(parcel('replies', { id: 'a' }), undefined, () => {});
    expect(recorder.open()).toHaveLength(1);
    channel.process(parcel('replies', { id: 'a' }), undefined, () => {});
    expect(await recorder.take(2)).toHaveLength(2);
  });
});

describe('a call', () => {
  test('ends with a fetched reply, which continues the trace of the caller', async () => {
    const channel = openChannel()();
    let callerId: string | undefined;
    inSpan('caller', (span) => {
      callerId = span.spanContext().spanId;
      channel.send(request('a'), () => true);
    });
    const failure = { type: 'OutOfStock', message: 'out of stock' };
    const reply = parcel('replies', { id: 'a', failure });
    const current = channel.receive(reply, context.active(), performance.now());
    const [, call, receive] = await recorder.take(3);
    expect(call).toMatchObject({ name: 'sum', attributes: { 'error.type': 'OutOfStock' } });
    expect(receive?.parentSpanId).toBe(callerId);
    expect(trace.getSpan(current)?.spanContext().spanId).toBe(receive?.spanId);
  });

  test('does not time out while its request is handled in this process', async () => {
    const open = openChannel({ callTimeoutMs: 15, consumeTimeoutMs: 15 });
    const [client, server] = [open(), open()];
    client.listen('replies');
    const sent = request('slow');
    const done = Promise.withResolvers<void>();
    client.send(sent, () => true);
    const handled = server.process(delivered(sent), undefined, () => done.promise);
    client.send(request('lost'), () => true);
    await untilOpen(2);
    client.send(request('lost as well'), () => true);
    await untilOpen(2);
    done.resolve();
    await handled;
    client.process(parcel('replies', { id: 'slow' }), undefined, () => {});
    expect(errorsOf(await recorder.take(4))).toEqual([undefined, undefined, 'timeout', 'timeout']);
  });

  test('after its timeout, the handler of the reply still runs in the context of the caller', async () => {
    const channel = openChannel({ callTimeoutMs: 15 })();
    channel.listen('replies');
    let callerId: string | undefined;
    inSpan('caller', (span) => {
      callerId = span.spanContext().spanId;
      channel.send(request('a'), () => true);
    });
    expect(errorsOf(await recorder.take(2))).toEqual([undefined, 'timeout']);
    let inReply: string | undefined;
    const reply = () => {
      inReply = activeSpanId();
    };
    channel.process(parcel('replies', { id: 'a' }), undefined, reply);
    expect(inReply).toBe(callerId);
    expect(recorder.spans()).toEqual([]);
  });

  test('has not failed if its replies are not consumed: it ended when it was sent', async () => {
    const open = openChannel({ callTimeoutMs: 40 });
    const [expiring, closing] = [open(), open()];
    expiring.send(request('a'), () => true);
    closing.send(request('b'), () => true);
    closing.close({ type: 'channel_closed', message: 'over' });
    const spans = await recorder.take(2);
    expect(errorsOf(spans)).toEqual([undefined, undefined]);
    for (const { startTimeMs, endTimeMs } of spans) expect(endTimeMs - startTimeMs).toBeLessThan(30);
  });

  test('times out if the consumer of its replies was cancelled', async () => {
    const channel = openChannel({ callTimeoutMs: 15 })();
    channel.listen('replies');
    channel.send(request('a'), () => true);
    channel.unlisten('replies');
    expect(errorsOf(await recorder.take(1))).toEqual(['timeout']);
  });

  test('ends at the timeout in the request, and not with a later reply', async () => {
    const channel = openChannel({ callTimeoutMs: 1 })();
    channel.listen('replies');
    channel.send(request('a', { timeoutMs: 50 }), () => true);
    const [call] = await recorder.take(1);
    expect(call).toMatchObject({
      attributes: { 'error.type': 'timeout' },
      status: { message: 'no reply within 50 ms' },
    });
    const lastedMs = call!.endTimeMs - call!.startTimeMs;
    expect(lastedMs).toBeGreaterThanOrEqual(49);
    expect(lastedMs).toBeLessThan(500);
    channel.process(parcel('replies', { id: 'a' }), undefined, () => {});
    expect(recorder.spans()).toEqual([]);
  });

  test('heartbeats restart the timeout without any reply, but not the total timeout', async () => {
    const channel = openChannel()();
    channel.listen('replies');
    const beat = (id: string) => channel.process(parcel('replies', { id, more: true }), undefined, () => {});
    channel.send(request('silent', { timeoutMs: 10_000, silenceTimeoutMs: 60 }), () => true);
    channel.send(request('alive', { timeoutMs: 150, silenceTimeoutMs: 60 }), () => true);
    const beating = setInterval(() => beat('alive'), 10);
    const spans = await recorder.take(2);
    clearInterval(beating);
    expect(spans.map(({ status }) => status.message)).toEqual([
      'no reply within 60 ms',
      'no reply within 150 ms',
    ]);
  });
});

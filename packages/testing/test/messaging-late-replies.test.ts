// Requests that are not replied to, or later than their handler ends.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { context, SpanKind } from '@opentelemetry/api';
import { recordSpans } from '../src/index.ts';
import { openChannel, type Parcel, parcel } from './toy-broker.ts';
import { errorsOf, inSpan, laterTurn, ofKind, request } from './toy-calls.ts';

const recorder = recordSpans();

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

  test('ends when its handler is done, not at the end of the turn of the event loop', async () => {
    const channel = openChannel()();
    channel.process(request('a'), undefined, () => {});
    const handledAtMs = performance.timeOrigin + performance.now();
    const until = performance.now() + 30;
    while (performance.now() < until);
    const [span] = await recorder.take(1);
    expect(span!.endTimeMs).toBeLessThanOrEqual(handledAtMs);
  });

  test('a reply later in the same turn ends it, and its span has the failure in the reply', async () => {
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

  test('a reply in a later turn is a message in the trace of the request, also outside of its context', async () => {
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

  test('with several replies, it lasts until the last one, or until the channel closes', async () => {
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

// Requests that another consumer replies to, and several requests with one ID.

import { context, SpanKind } from '@opentelemetry/api';
import { recordSpans } from '../src/index.ts';
import { openChannel, parcel } from './toy-broker.ts';
import { activeSpanId, delivered, errorsOf, inSpan, ofKind, request } from './toy-calls.ts';

const recorder = recordSpans();

describe('a request that is sent to another consumer', () => {
  test('ends when it is forwarded, and the span of the next consumer, which replies, is its child', async () => {
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

  test('has the failure in the reply if its first consumer replies, although a copy was forwarded', async () => {
    const channel = openChannel()();
    const failure = { type: 'OutOfStock', message: 'out of stock' };
    channel.process(request('a'), undefined, () => {
      channel.send(request('a', { topic: 'audit' }), () => true);
      channel.send(parcel('replies', { id: 'a', failure }), () => true);
    });
    expect(errorsOf(await recorder.take(1))).toEqual(['OutOfStock']);
  });

  test('is the parent of the forwarded request, also outside of its context and after its end', async () => {
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

  test('has, if a span of the application forwards it, that span as the parent of the next consumer', async () => {
    const channel = openChannel()();
    const next = request('a');
    channel.process(request('a'), undefined, () => inSpan('work', () => channel.send(next, () => true)));
    const [, work] = await recorder.take(2);
    expect(next.headers.traceparent).toContain(work?.spanId);
  });
});

describe('requests with the same id', () => {
  test('a reply ends the request in whose context it is sent, or else the first one', async () => {
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

  test('a retry in the process of the server is a call, and the reply ends both calls', async () => {
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

  test('of requests to several destinations, each reply ends one', async () => {
    const channel = openChannel()();
    channel.send(parcel('north', { id: 'a', replyTo: 'replies' }), () => true);
    channel.send(parcel('south', { id: 'a', replyTo: 'replies' }), () => true);
    channel.process(parcel('replies', { id: 'a' }), undefined, () => {});
    expect(recorder.open()).toHaveLength(1);
    channel.process(parcel('replies', { id: 'a' }), undefined, () => {});
    expect(await recorder.take(2)).toHaveLength(2);
  });
});

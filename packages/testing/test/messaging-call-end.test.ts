import { context, trace } from '@opentelemetry/api';
import { recordSpans } from '../src/index.ts';
import { openChannel, parcel } from './toy-broker.ts';
import { activeSpanId, delivered, errorsOf, inSpan, laterTurn, request, untilOpen } from './toy-calls.ts';

const recorder = recordSpans();

describe('the end of a call', () => {
  test('is the fetched reply, whose span is in the trace of the caller', async () => {
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

  test('is not a timeout while its request is handled in this process', async () => {
    const open = openChannel({ callTimeoutMs: 15, consumeTimeoutMs: 15 });
    const [client, server] = [open(), open()];
    client.listen('replies');
    const sent = request('slow');
    const done = Promise.withResolvers<void>();
    client.send(sent, () => true);
    const handled = server.process(delivered(sent), undefined, () => done.promise);
    client.send(request('lost'), () => true);
    await untilOpen(recorder, 2);
    client.send(request('lost as well'), () => true);
    await untilOpen(recorder, 2);
    done.resolve();
    await handled;
    client.process(parcel('replies', { id: 'slow' }), undefined, () => {});
    expect(errorsOf(await recorder.take(4))).toEqual([undefined, undefined, 'timeout', 'timeout']);
  });

  test('does not affect the handler of a late reply, which runs in the context of the caller', async () => {
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

  test('is the time of sending, without an error, if its replies are not consumed', async () => {
    const open = openChannel({ callTimeoutMs: 40 });
    const [expiring, closing] = [open(), open()];
    expiring.send(request('a'), () => true);
    closing.send(request('b'), () => true);
    const sentAtMs = performance.timeOrigin + performance.now();
    await laterTurn();
    closing.close({ type: 'channel_closed', message: 'over' });
    const spans = await recorder.take(2);
    expect(errorsOf(spans)).toEqual([undefined, undefined]);
    for (const { endTimeMs } of spans) expect(endTimeMs).toBeLessThanOrEqual(sentAtMs);
  });

  test('is a timeout if the consumer of its replies was cancelled', async () => {
    const channel = openChannel({ callTimeoutMs: 15 })();
    channel.listen('replies');
    channel.send(request('a'), () => true);
    channel.unlisten('replies');
    expect(errorsOf(await recorder.take(1))).toEqual(['timeout']);
  });

  test('is the timeout in the request, not a later reply', async () => {
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
    channel.process(parcel('replies', { id: 'a' }), undefined, () => {});
    expect(recorder.spans()).toEqual([]);
  });
});

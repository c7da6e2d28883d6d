import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { recordSpans } from '../src/index.ts';
import { label, openChannel, parcel } from './toy-broker.ts';

// The template with a broker in memory.

const recorder = recordSpans();
const activeSpanId = () => trace.getActiveSpan()?.spanContext().spanId;
const laterTurn = () => new Promise((resolve) => setTimeout(resolve, 5));

test('a client whose send returns a promise: the span ends when the promise settles', async () => {
  const channel = openChannel()();
  const sent = Promise.withResolvers<string>();
  const result = channel.send(parcel('songs'), () => sent.promise);
  expect(recorder.open()).toHaveLength(1);
  sent.resolve('done');
  expect(await result).toBe('done');
  const failed = channel.send(parcel('songs'), () => Promise.reject(new RangeError('full')));
  await expect(failed).rejects.toThrow('full');
  const spans = await recorder.take(2);
  expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual([undefined, 'RangeError']);
  const request = parcel('sum', { id: 'a', replyTo: 'tmp-3' });
  await expect(channel.send(request, () => Promise.reject(new RangeError('full')))).rejects.toThrow('full');
  const [call] = await recorder.take(1);
  expect(call).toMatchObject({ kind: SpanKind.CLIENT, attributes: { 'error.type': 'RangeError' } });
});

test('a send that throws: the error is recorded and rethrown, and later messages are numbered correctly', async () => {
  const channel = openChannel()();
  channel.expectConfirms();
  const refuse = () => {
    throw new TypeError('no bytes');
  };
  expect(() => channel.send(parcel('songs'), refuse)).toThrow('no bytes');
  channel.send(parcel('songs'), () => true);
  channel.confirm(1, false);
  const spans = await recorder.take(2);
  expect(spans.map(({ status }) => status.code)).toEqual([SpanStatusCode.ERROR, SpanStatusCode.UNSET]);
});

test('a confirm is for one message or for all up to a number, and so is a refusal', async () => {
  const channel = openChannel()();
  channel.expectConfirms();
  for (let count = 0; count < 5; count++) channel.send(parcel('songs'), () => true);
  channel.confirm(2, false, { type: 'nack', message: 'refused' });
  channel.confirm(4, true);
  expect(recorder.open()).toHaveLength(1);
  channel.confirm(4, true);
  channel.confirm(99, false);
  expect(channel.close({ type: 'channel_closed', message: 'over' })).toBe(true);
  const spans = await recorder.take(5);
  expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual([
    undefined,
    'nack',
    undefined,
    undefined,
    'channel_closed',
  ]);
  expect(channel.close({ type: 'channel_closed', message: 'over' })).toBe(false);
});

test('a batch is one span that links to the span of each message, and lasts until all are settled', async () => {
  const channel = openChannel()();
  const parcels = [parcel('songs'), parcel('songs'), parcel('songs')];
  for (const each of parcels) channel.send(each, () => true);
  let inside: string | undefined;
  channel.processBatch(parcels, [1, 2, 3], () => {
    inside = activeSpanId();
  });
  channel.settle(1, false, 'ack');
  channel.settle(2, false, 'ack');
  expect(recorder.open()).toHaveLength(1);
  channel.settle(0, true, 'ack');
  const [one, two, three, batch] = await recorder.take(4);
  expect(batch).toMatchObject({
    kind: SpanKind.CONSUMER,
    spanId: inside,
    parentSpanId: undefined,
    attributes: { 'messaging.batch.message_count': 3 },
  });
  expect(batch?.links.map((link) => link.context.spanId)).toEqual([one?.spanId, two?.spanId, three?.spanId]);
});

test('a batch links once to the span of messages that were sent together', async () => {
  const channel = openChannel()();
  const together = parcel('songs');
  const alone = parcel('songs');
  for (const each of [together, alone]) channel.send(each, () => true);
  channel.processBatch([together, { ...together }, alone, { ...together }], [], () => {});
  const [one, two, batch] = await recorder.take(3);
  expect(batch?.attributes['messaging.batch.message_count']).toBe(4);
  expect(batch?.links.map((link) => link.context.spanId)).toEqual([one?.spanId, two?.spanId]);
});

test('the promise of a handler is still rejected after its error was recorded', async () => {
  const channel = openChannel()();
  const error = new Error('sold out');
  const result = channel.process(parcel('songs'), undefined, () => Promise.reject(error));
  await expect(result).rejects.toBe(error);
  const [span] = await recorder.take(1);
  expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'sold out' });
});

test('many calls at once on two channels, with replies in any order', async () => {
  const open = openChannel();
  const [client, server] = [open(), open()];
  const requests = Array.from({ length: 20 }, (_, id) => parcel('sum', { id: `${id}`, replyTo: 'tmp-1' }));
  const callers: (string | undefined)[] = [];
  for (const request of requests) {
    const span = trace.getTracer('test').startSpan('caller');
    context.with(trace.setSpan(context.active(), span), () => {
      callers.push(activeSpanId());
      client.send(request, () => true);
    });
    span.end();
  }
  const inReplies: (string | undefined)[] = [];
  for (const request of requests.toReversed()) {
    server.process(request, undefined, () => {
      const reply = parcel('tmp-1', { id: request.id! });
      server.send(reply, () => true);
      client.process(reply, undefined, () => inReplies.unshift(activeSpanId()));
    });
  }
  expect(inReplies).toEqual(callers);
  const spans = await recorder.take(60);
  const byKind = (kind: SpanKind) => spans.filter((span) => span.kind === kind);
  expect(byKind(SpanKind.CLIENT)).toHaveLength(20);
  for (const served of byKind(SpanKind.SERVER))
    expect(byKind(SpanKind.CLIENT).map(({ spanId }) => spanId)).toContain(served.parentSpanId);
});

test('a call whose channel was closed waits for a reply on another channel', async () => {
  const open = openChannel({ callTimeoutMs: 20 });
  const [client, listener] = [open(), open()];
  listener.listen('tmp-2');
  client.send(parcel('sum', { id: 'a', replyTo: 'tmp-2' }), () => true);
  // The reply is consumed on another channel, so the call can still succeed.
  client.close({ type: 'channel_closed', message: 'the channel closed' });
  expect(recorder.open()).toHaveLength(1);
  await laterTurn();
  const [call] = await recorder.take(1);
  expect(call?.status.message).toBe('no reply within 20 ms; the channel of the request: the channel closed');
  listener.close({ type: 'channel_closed', message: 'over' });
});

test('a delivery that is not settled ends with a timeout', async () => {
  const channel = openChannel({ consumeTimeoutMs: 15 })();
  channel.process(parcel('songs'), 1, () => 'kept');
  channel.process(parcel('songs'), 2, () => 'kept');
  channel.settle(1, false, 'ack');
  const spans = await recorder.take(2);
  expect(spans.map(({ status }) => status.message)).toEqual([undefined, 'not settled within 15 ms']);
  // The span has ended, so this is ignored.
  channel.settle(0, true, 'ack');
});

test('the timeout for the settlement starts when the handler is done', async () => {
  const channel = openChannel({ consumeTimeoutMs: 15 })();
  const [settled, forgotten] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  void channel.process(parcel('settled'), 1, () => settled.promise);
  void channel.process(parcel('forgotten'), 2, () => forgotten.promise);
  channel.process(parcel('clock'), 3, () => 'kept');
  while (recorder.open().length === 3) await laterTurn();
  expect(recorder.open().map(({ name }) => name)).toEqual(['process settled', 'process forgotten']);
  settled.resolve();
  forgotten.resolve();
  channel.settle(1, false, 'ack');
  const spans = await recorder.take(3);
  expect(spans.map(({ name, status }) => [name, status.message])).toEqual([
    ['process settled', undefined],
    ['process forgotten', 'not settled within 15 ms'],
    ['process clock', 'not settled within 15 ms'],
  ]);
});

test('no timeout is early', async () => {
  const channel = openChannel({ consumeTimeoutMs: 80 })();
  channel.process(parcel('songs'), 1, () => {});
  await new Promise((resolve) => setTimeout(resolve, 35));
  channel.process(parcel('songs'), 2, () => {});
  const spans = await recorder.take(2);
  for (const { startTimeMs, endTimeMs } of spans) expect(endTimeMs - startTimeMs).toBeGreaterThanOrEqual(79);
});

test('a call does not depend on a channel that no longer consumes its replies', async () => {
  const open = openChannel();
  const [client, replies] = [open(), open()];
  const closing = { type: 'channel_closed', message: 'over' };
  replies.listen('replies');
  replies.unlisten('replies');
  client.send(parcel('sum', { id: '1', replyTo: 'replies' }), () => true);
  replies.close(closing);
  expect(recorder.open()).toHaveLength(1);
  client.close(closing);
  await recorder.take(1);
});

test('generated names are replaced in span names', () => {
  expect(label('tmp-17')).toBe('(temporary)');
  expect(label('user.0B7C3C5E-8d47-4a0e-9b6d-0c5a7e1f2d34.login')).toBe('user.(temporary).login');
  expect(label('reply_0b7c3c5e8d474a0e9b6d0c5a7e1f2d34')).toBe('reply_(temporary)');
  expect(label('deadbeef')).toBe('deadbeef');
  for (let count = 0; count < 3000; count++) expect(label(`songs.${count}`)).toBe(`songs.${count}`);
});

test('the number of calls without a reply is bounded: the oldest one fails', async () => {
  const channel = openChannel()();
  recorder.sampling = 'none';
  for (let id = 0; id < 50_000; id++)
    channel.send(parcel('sum', { id: `${id}`, replyTo: 'tmp-4' }), () => true);
  recorder.sampling = 'all';
  channel.send(parcel('sum', { id: 'recorded', replyTo: 'tmp-4' }), () => true);
  recorder.sampling = 'none';
  for (let id = 0; id < 49_999; id++)
    channel.send(parcel('sum', { id: `again ${id}`, replyTo: 'tmp-4' }), () => true);
  expect(recorder.open()).toHaveLength(1);
  channel.send(parcel('sum', { id: 'one too many', replyTo: 'tmp-4' }), () => true);
  const [call] = await recorder.take(1);
  expect(call?.attributes['error.type']).toBe('too_many');
  channel.close({ type: 'channel_closed', message: 'over' });
});

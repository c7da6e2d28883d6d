// A view that throws: the messages of the application are sent and handled.
import { context, trace } from '@opentelemetry/api';
import { recordSpans } from '../src/index.ts';
import { broken, openChannel, parcel } from './toy-broker.ts';

const recorder = recordSpans();
const activeSpanId = () => trace.getActiveSpan()?.spanContext().spanId;

test('if a view fails, the message is sent and handled without a span', () => {
  const channel = openChannel({}, { sending: broken, processing: broken })();
  expect(channel.send(parcel('songs'), () => 'sent')).toBe('sent');
  expect(channel.process(parcel('songs'), 1, () => 'handled')).toBe('handled');
  channel.settle(1, false, 'ack');
  expect(recorder.spans()).toEqual([]);
});

test('if a view fails after the start of a span, the span ends', async () => {
  const silent = openChannel({}, { availableHeaderBytes: broken })();
  expect(silent.send(parcel('songs'), () => 'sent')).toBe('sent');
  const channel = openChannel({}, { describeSent: broken, describeDelivery: broken })();
  expect(channel.send(parcel('songs'), () => 'sent')).toBe('sent');
  expect(channel.process(parcel('songs'), 1, () => 'handled')).toBe('handled');
  await recorder.take(3);
});

test('a message whose context cannot be stored is still traced', async () => {
  const channel = openChannel({}, { identity: broken })();
  expect(channel.process(parcel('songs'), undefined, () => activeSpanId())).toBeDefined();
  expect(channel.processBatch([parcel('songs')], [], () => 'handled')).toBe('handled');
  channel.receive(parcel('songs'), context.active(), performance.now());
  await recorder.take(3);
});

test('if a view fails at the end of a span, the span ends', async () => {
  const channel = openChannel({}, { onSent: broken, onProcessed: broken })();
  channel.send(parcel('songs'), () => true);
  channel.process(parcel('songs'), undefined, () => 'handled');
  await recorder.take(2);
});

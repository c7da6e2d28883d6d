import { recordSpans } from '../src/index.ts';
import { openChannel, parcel } from './toy-broker.ts';

const recorder = recordSpans();

test('of a large batch, only the messages that a span can link to are read', async () => {
  const channel = openChannel()();
  const parcels = Array.from({ length: 300 }, () => parcel('songs'));
  for (const each of parcels) channel.send(each, () => true);
  const sent = await recorder.take(300);
  let reads = 0;
  const counted = parcels.map(({ headers, ...rest }) => ({
    ...rest,
    get headers() {
      reads++;
      return headers;
    },
  }));
  recorder.sampling = 'none';
  channel.processBatch(counted, [], () => {});
  expect(reads).toBe(128);
  recorder.sampling = 'all';
  channel.processBatch(parcels, [], () => {});
  const [batch] = await recorder.take(1);
  expect(batch?.attributes).toMatchObject({ 'messaging.batch.message_count': 300 });
  expect(batch?.links.map(({ context }) => context.spanId)).toEqual(
    sent.slice(0, 128).map(({ spanId }) => spanId),
  );
});

import { BatchQueue } from '../src/batch-queue.ts';
import type { Outcome } from '../src/batch-sender.ts';
import { DetachedScope } from '../src/detached-scope.ts';
import { Lane } from '../src/lane.ts';
import type { OtlpFormat } from '../src/otlp-format.ts';
import type { SpanRecord } from '../src/span-record.ts';
import { Counters } from '../src/stats.ts';

const MEGABYTE = 1 << 20;
let next = 0;

/** Writes spans of any size, each of one repeated byte. */
const format: OtlpFormat = {
  contentType: 'bytes',
  writeSpan: (writer, span) => writer.raw(Buffer.alloc((span as unknown as { bytes: number }).bytes, ++next)),
  assemble: () => [],
};
const openLane = () => new Lane({ name: 'shop' }, format, MEGABYTE, new Counters());
const write = (lane: Lane, bytes: number) => lane.write({ bytes } as unknown as SpanRecord);

test('the spans of a full batch are sent from where they lie; their memory serves a later batch', () => {
  const lane = openLane();
  write(lane, 920_000);
  const first = lane.take();
  write(lane, 910_000);
  expect(new Set(first.spans).size).toBe(1);
  const second = lane.take();
  expect(second.spans.buffer === first.spans.buffer).toBe(false);
  first.owner?.reuse(first.spans);
  write(lane, 900_100);
  const third = lane.take();
  write(lane, 900_000);
  const fourth = lane.take();
  expect(fourth.spans.buffer === first.spans.buffer).toBe(true);
  expect([second, third, fourth].map(({ spans }) => spans.length)).toEqual([910_000, 900_100, 900_000]);
  expect([second, third].map(({ spans }) => new Set(spans).size)).toEqual([1, 1]);
});

test('a few spans are copied out, and their memory is written to at once', () => {
  const lane = openLane();
  write(lane, 3000);
  const first = lane.take();
  expect(first).toMatchObject({ owner: undefined, spans: { length: 3000 } });
  expect(first.spans.buffer.byteLength).toBe(3000);
  write(lane, 3000);
  expect(first.spans[0]).not.toBe(lane.take().spans[0]);
});

test('memory that is half empty does not wait with its spans', () => {
  const lane = openLane();
  write(lane, 400_000);
  lane.take();
  for (let spans = 0; spans < 3; spans++) {
    write(lane, 150_000);
    const taken = lane.take();
    expect([taken.owner, taken.spans.buffer.byteLength]).toEqual([undefined, 150_000]);
  }
});

test('memory far too large for what lies in it is given up', () => {
  const lane = openLane();
  write(lane, 900_000);
  const { owner, spans } = lane.take();
  owner?.reuse(spans);
  write(lane, 70_000);
  expect(lane.take()).toMatchObject({ owner: undefined, spans: { length: 70_000 } });
  for (const _ of 'ab') {
    write(lane, 900_000);
    expect(lane.take().spans.buffer === spans.buffer).toBe(false);
  }
});

test.each<[string, string, Outcome]>([
  ['taken', 'is used again', { rejectedSpans: 0, detail: '' }],
  // The connection may still be sending it.
  ['refused', 'is not used again', { cause: 'rejected', detail: '413' }],
  ['not delivered', 'is not used again', { cause: 'retriesExhausted', detail: 'no response' }],
])('the memory of a batch that was %s %s', async (_, use, outcome) => {
  const sent: Uint8Array[] = [];
  const sender = {
    send: async ([part]: readonly Uint8Array[]) => {
      sent.push(part!);
      return outcome;
    },
    hurry() {},
    close() {},
  };
  const wholeSpans: OtlpFormat = { ...format, assemble: (_resource, [lane]) => [lane!.spans] };
  const bounds = { maxQueueBytes: 16 * MEGABYTE, maxBatchBytes: MEGABYTE, scheduleDelayMs: 60_000 };
  const queue = new BatchQueue(wholeSpans, {}, bounds, new Counters(), sender, new DetachedScope());
  const lane = queue.openLane({ name: 'shop' });
  for (let batch = 0; batch < 4; batch++) {
    queue.add(lane, { bytes: 900_000 } as unknown as SpanRecord);
    await queue.flush();
  }
  expect(new Set(sent.map(({ buffer }) => buffer)).size).toBe(use === 'is used again' ? 2 : 4);
  queue.close();
});

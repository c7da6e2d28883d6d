import { DetachedScope } from '@clew/core/internal';
import { BatchQueue } from '../src/batch-queue.ts';
import type { Outcome } from '../src/batch-sender.ts';
import type { OtlpFormat } from '../src/otlp-format.ts';
import type { ProtobufWriter } from '../src/protobuf-writer.ts';
import { ScopeBuffer } from '../src/scope-buffer.ts';
import type { SpanRecord } from '../src/span-record.ts';
import { Counters } from '../src/stats.ts';

const MEGABYTE = 1 << 20;
let next = 0;

/** A format that writes spans of any size, each as one repeated byte. */
const format: OtlpFormat = {
  contentType: 'bytes',
  writeSpan: (writer, span) => writer.raw(Buffer.alloc((span as unknown as { bytes: number }).bytes, ++next)),
  writeEncoded: (writer: ProtobufWriter, span: Uint8Array) => writer.raw(span),
  assemble: () => [],
};
const openBuffer = () => new ScopeBuffer({ name: 'shop' }, format, MEGABYTE, new Counters());
const write = (buffer: ScopeBuffer, bytes: number) => buffer.write({ bytes } as unknown as SpanRecord);

test('sends the spans of a full batch without a copy, and reuses their memory for a later batch', () => {
  const buffer = openBuffer();
  write(buffer, 920_000);
  const first = buffer.take();
  write(buffer, 910_000);
  expect(new Set(first.spans).size).toBe(1);
  const second = buffer.take();
  expect(second.spans.buffer === first.spans.buffer).toBe(false);
  first.owner?.reuse(first.spans);
  write(buffer, 900_100);
  const third = buffer.take();
  write(buffer, 900_000);
  const fourth = buffer.take();
  expect(fourth.spans.buffer === first.spans.buffer).toBe(true);
  expect([second, third, fourth].map(({ spans }) => spans.length)).toEqual([910_000, 900_100, 900_000]);
  expect([second, third].map(({ spans }) => new Set(spans).size)).toEqual([1, 1]);
});

test('copies a few spans, and writes to their memory again at once', () => {
  const buffer = openBuffer();
  write(buffer, 3000);
  const first = buffer.take();
  expect(first).toMatchObject({ owner: undefined, spans: { length: 3000 } });
  expect(first.spans.buffer.byteLength).toBe(3000);
  write(buffer, 3000);
  expect(first.spans[0]).not.toBe(buffer.take().spans[0]);
});

test('copies spans out of a mostly empty buffer', () => {
  const buffer = openBuffer();
  write(buffer, 400_000);
  buffer.take();
  for (let spans = 0; spans < 3; spans++) {
    write(buffer, 150_000);
    const taken = buffer.take();
    expect([taken.owner, taken.spans.buffer.byteLength]).toEqual([undefined, 150_000]);
  }
});

test('releases a buffer that is far too large for its spans', () => {
  const buffer = openBuffer();
  write(buffer, 900_000);
  const { owner, spans } = buffer.take();
  owner?.reuse(spans);
  write(buffer, 70_000);
  expect(buffer.take()).toMatchObject({ owner: undefined, spans: { length: 70_000 } });
  for (const _ of 'ab') {
    write(buffer, 900_000);
    expect(buffer.take().spans.buffer === spans.buffer).toBe(false);
  }
});

test.each<[string, string, Outcome]>([
  ['accepted', 'is reused', { rejectedSpans: 0, detail: '' }],
  // The connection may still be sending it.
  ['rejected', 'is not reused', { cause: 'rejected', detail: '413' }],
  ['not delivered', 'is not reused', { cause: 'retriesExhausted', detail: 'no response' }],
])('the memory of a batch that was %s %s', async (_, use, outcome) => {
  const sent: Uint8Array[] = [];
  const sender = {
    send: async ([part]: readonly Uint8Array[]) => {
      sent.push(part!);
      return outcome;
    },
    retryNow() {},
    close() {},
  };
  const wholeSpans: OtlpFormat = { ...format, assemble: (_resource, [buffer]) => [buffer!.spans] };
  const bounds = { maxQueueBytes: 16 * MEGABYTE, maxBatchBytes: MEGABYTE, scheduleDelayMs: 60_000 };
  const queue = new BatchQueue(
    wholeSpans,
    {},
    bounds,
    new Counters(),
    sender,
    new DetachedScope('ClewExport', 'exporting'),
  );
  const buffer = queue.openBuffer({ name: 'shop' });
  for (let batch = 0; batch < 4; batch++) {
    queue.add(buffer, { bytes: 900_000 } as unknown as SpanRecord);
    await queue.flush();
  }
  expect(new Set(sent.map(({ buffer }) => buffer)).size).toBe(use === 'is reused' ? 2 : 4);
  queue.close();
});

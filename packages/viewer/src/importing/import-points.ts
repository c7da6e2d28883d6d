import { setTimeout as sleep } from 'node:timers/promises';
import { OtlpError } from '../otlp-limits.ts';
import type { SpanRecord } from '../span-record.ts';
import { ImportError } from './imported-span.ts';
import { type PairedSpans, PointPairs } from './point-pairs.ts';
import type { PointStorage } from './point-storage.ts';
import type { TraceSink } from './trace-sink.ts';

/** How often a follower looks for new points. */
export const FOLLOW_INTERVAL_MS = 1000;
const MAX_TRACE_IDS = 100_000;

/** What has been imported so far. */
export class ImportTally {
  spans = 0;
  /** Those of the spans that lack their start or their stop. */
  incomplete = 0;
  malformed = 0;
  /** Spans with more attributes than a collector accepts. */
  rejected = 0;
  /** The first 100,000 ids. */
  readonly traceIds = new Set<string>();

  add({ spans, incomplete }: Pick<PairedSpans, 'spans' | 'incomplete'>): void {
    this.spans += spans.length;
    this.incomplete += incomplete;
    for (const { traceId } of spans) if (this.traceIds.size < MAX_TRACE_IDS) this.traceIds.add(traceId);
  }
}

/**
 * Imports the points of a storage; with a signal, also those written until it is aborted. Spans are stored when they are
 * complete, the others at the end. Rejects with the errors of the storage and the sink; those imported until then are in
 * the tally.
 */
export async function importPoints<Receipt>(
  storage: PointStorage<Receipt>,
  sink: TraceSink,
  tally: ImportTally,
  following?: AbortSignal,
): Promise<void> {
  const pairs = new PointPairs<Receipt>(storage.limits);
  const keep = async (taken: PairedSpans<Receipt>) => {
    const rejected = await addAcceptable(sink, taken.spans);
    storage.settle?.(taken.receipts);
    tally.add(taken);
    tally.spans -= rejected;
    tally.rejected += rejected;
  };
  for (;;) {
    // The points written until the interrupt are read as well.
    const isLast = following === undefined || following.aborted;
    for await (const part of storage.points()) {
      for (const { point, chars, receipt } of part) {
        if (point !== undefined) pairs.add(point, chars, receipt);
        else {
          tally.malformed++;
          storage.settle?.([receipt]);
        }
      }
      await keep(pairs.take());
    }
    if (isLast) break;
    await keep(pairs.take());
    await sleep(FOLLOW_INTERVAL_MS, undefined, { signal: following }).catch(() => {});
  }
  await keep(pairs.takeAll());
}

/** Adds the spans that obey the sink's limits; resolves to the number of the others. */
async function addAcceptable(sink: TraceSink, spans: readonly SpanRecord[]): Promise<number> {
  try {
    await sink.add(spans);
    return 0;
  } catch (error) {
    if (!(error instanceof ImportError || error instanceof OtlpError)) throw error;
    if (spans.length === 1) return 1;
    const half = spans.length >> 1;
    return (await addAcceptable(sink, spans.slice(0, half))) + (await addAcceptable(sink, spans.slice(half)));
  }
}

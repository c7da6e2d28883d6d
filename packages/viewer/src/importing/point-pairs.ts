import type { SpanRecord } from '../span-record.ts';
import type { Point } from './osprofiler-point.ts';
import { type PointPair, spanOfPair } from './osprofiler-points.ts';

/** A point as read from a storage. */
export interface StoredPoint<Receipt = undefined> {
  /** Absent if it is malformed. */
  readonly point?: Point;
  /** The length of its text. */
  readonly chars: number;
  /** What the storage must know when the point has been imported. */
  readonly receipt: Receipt;
}

/** Limits for spans of which only one point has been read. The oldest ones beyond a limit stay incomplete. */
export interface PairLimits {
  /** Default 10,000. */
  readonly maxOpen?: number;
  /** The sum of the lengths of their texts. Default 64 Mi. */
  readonly maxOpenChars?: number;
  /** Default: no limit. */
  readonly maxAgeMs?: number;
}

/** Spans, and the receipts of their points. */
export interface PairedSpans<Receipt = undefined> {
  readonly spans: readonly SpanRecord[];
  /** How many of the spans lack their start or their stop. */
  readonly incomplete: number;
  readonly receipts: readonly Receipt[];
}

interface Open<Receipt> extends PointPair {
  readonly sinceMs: number;
  readonly receipts: Receipt[];
  chars: number;
}

/** Makes spans of points that may come in any order, and more than once. */
export class PointPairs<Receipt = undefined> {
  readonly #limits: Required<PairLimits>;
  /** By the ids of trace and span, the oldest first. */
  readonly #open = new Map<string, Open<Receipt>>();
  readonly #complete = new Map<string, Open<Receipt>>();
  #openChars = 0;

  constructor({
    maxOpen = 10_000,
    maxOpenChars = 64 * 1024 * 1024,
    maxAgeMs = Number.POSITIVE_INFINITY,
  }: PairLimits = {}) {
    this.#limits = { maxOpen, maxOpenChars, maxAgeMs };
  }

  add(point: Point, chars: number, receipt: Receipt): void {
    const key = `${point.base_id}\n${point.trace_id}`;
    const pair: Open<Receipt> = this.#complete.get(key) ??
      this.#open.get(key) ?? { sinceMs: performance.now(), receipts: [], chars: 0 };
    if (point.name.endsWith('-stop')) pair.stop = point;
    else pair.start = point;
    pair.receipts.push(receipt);
    pair.chars += chars;
    this.#openChars += chars;
    if (pair.start === undefined || pair.stop === undefined) this.#open.set(key, pair);
    else {
      this.#open.delete(key);
      this.#complete.set(key, pair);
    }
  }

  /** Removes and returns the spans that are complete, and the incomplete ones beyond the limits. */
  take(): PairedSpans<Receipt> {
    const complete = [...this.#complete.values()];
    this.#complete.clear();
    for (const { chars } of complete) this.#openChars -= chars;
    const incomplete: Open<Receipt>[] = [];
    for (const [key, pair] of this.#open) {
      if (!this.#exceedsLimits(pair)) break;
      this.#open.delete(key);
      this.#openChars -= pair.chars;
      incomplete.push(pair);
    }
    return paired(complete, incomplete);
  }

  /** Removes and returns all spans. */
  takeAll(): PairedSpans<Receipt> {
    const all = paired([...this.#complete.values()], [...this.#open.values()]);
    this.#complete.clear();
    this.#open.clear();
    this.#openChars = 0;
    return all;
  }

  #exceedsLimits({ sinceMs }: Open<Receipt>): boolean {
    const { maxOpen, maxOpenChars, maxAgeMs } = this.#limits;
    return (
      this.#open.size > maxOpen || this.#openChars > maxOpenChars || performance.now() - sinceMs > maxAgeMs
    );
  }
}

function paired<Receipt>(
  complete: readonly Open<Receipt>[],
  incomplete: readonly Open<Receipt>[],
): PairedSpans<Receipt> {
  const all = [...complete, ...incomplete];
  return {
    spans: all.map(spanOfPair),
    incomplete: incomplete.length,
    receipts: all.flatMap(({ receipts }) => receipts),
  };
}

/** Makes spans of all points of a report. */
export function spansOfPoints(points: Iterable<Point>): readonly SpanRecord[] {
  const pairs = new PointPairs();
  for (const point of points) pairs.add(point, 0, undefined);
  return pairs.takeAll().spans;
}

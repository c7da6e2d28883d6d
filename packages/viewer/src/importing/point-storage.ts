import { MAX_POINT_CHARS, type Point, pointIn } from './osprofiler-point.ts';
import type { PairLimits, StoredPoint } from './point-pairs.ts';

/** A storage to which drivers of OSProfiler write trace points. */
export interface PointStorage<Receipt = undefined> {
  readonly limits?: PairLimits;
  /** Yields all points, in later calls those written since. Rejects with the errors of the client. */
  points(): AsyncIterable<readonly StoredPoint<Receipt>[]>;
  /** Called when points have been imported or were malformed. */
  settle?(receipts: readonly Receipt[]): void;
  close(): Promise<unknown>;
}

/** What is read from a storage. */
export interface StorageQuery {
  /** Only the points of these traces; all if empty. */
  readonly baseIds: readonly string[];
  /** Without ids: the number of traces, those with the newest points. */
  readonly last: number;
  /** Whether `points` will be called again. */
  readonly follow: boolean;
  readonly queue: string;
  /** The exchange of the queue, if it must be declared. */
  readonly exchange: string;
}

/** Points that are read in one part. */
export const PART = 200;

/** Parses a point; `undefined` if it is malformed or too long. `open` finds it in the parsed text. */
export function parsePoint(
  text: string,
  open: (json: unknown) => unknown = (json) => json,
): Point | undefined {
  if (text.length > MAX_POINT_CHARS) return undefined;
  try {
    return pointIn(open(JSON.parse(text)));
  } catch {
    return undefined;
  }
}

import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { RequestRecords } from './decode-traces.ts';

/** Records decoded and stored without a pause: a few milliseconds of work, most of it for storing. */
const PART = 200;
/** A part of large records has fewer. */
const PART_MS = 3;

/**
 * Passes the valid spans or log records of a request to `keep` in parts, yielding to the event loop in between, so that a large
 * request neither blocks others nor needs more memory than its body. Nothing of a malformed request is kept: a
 * request with more than one part is therefore decoded twice. Returns the number of invalid ones. Rejects with
 * OtlpError, and with what `keep` throws.
 */
export async function keepRecords<T>(
  request: RequestRecords<T>,
  keep: (records: readonly T[]) => void,
): Promise<number> {
  const parts = partsOf(request);
  const first = parts.next();
  let rejected = 0;
  let last = first;
  while (!last.done) {
    rejected += last.value.rejected;
    await yieldToEventLoop();
    last = parts.next();
  }
  if (first.done) return 0;
  if (first.value.isWhole) {
    keep(first.value.records);
    return rejected;
  }
  for (const { records } of partsOf(request)) {
    keep(records);
    await yieldToEventLoop();
  }
  return rejected;
}

interface Part<T> {
  readonly records: readonly T[];
  readonly rejected: number;
  /** Whether this is the only part of the request. */
  readonly isWhole: boolean;
}

function* partsOf<T>(request: RequestRecords<T>): Generator<Part<T>> {
  let records: T[] = [];
  let read = 0;
  let rejected = 0;
  let isFirst = true;
  let end = performance.now() + PART_MS;
  for (const record of request) {
    if (read === PART || (read > 0 && performance.now() > end)) {
      yield { records, rejected, isWhole: false };
      [records, read, rejected, isFirst] = [[], 0, 0, false];
      end = performance.now() + PART_MS;
    }
    read++;
    if (record === undefined) rejected++;
    else records.push(record);
  }
  if (read > 0) yield { records, rejected, isWhole: isFirst };
}

import { setImmediate as otherWork } from 'node:timers/promises';
import type { RequestSpans } from './decode-traces.ts';
import type { SpanRecord } from './span-record.ts';

/** Spans that are decoded and stored at once: a few milliseconds of work. */
const PART = 500;

/**
 * Hands the valid spans of a request to `keep` in parts, with other work between them, so that a large request blocks
 * nobody and takes no more memory than its body. A request that is malformed anywhere is kept nowhere: one of more
 * than a part is decoded twice. Returns the number of the spans that are not valid. Rejects with OtlpError, and with
 * what `keep` throws.
 */
export async function keepSpans(
  request: RequestSpans,
  keep: (spans: readonly SpanRecord[]) => void,
): Promise<number> {
  const parts = partsOf(request);
  const first = parts.next();
  let rejected = 0;
  let last = first;
  while (!last.done) {
    rejected += last.value.rejected;
    await otherWork();
    last = parts.next();
  }
  if (first.done) return 0;
  if (first.value.isWhole) {
    keep(first.value.spans);
    return rejected;
  }
  for (const { spans } of partsOf(request)) {
    keep(spans);
    await otherWork();
  }
  return rejected;
}

interface Part {
  readonly spans: readonly SpanRecord[];
  readonly rejected: number;
  /** Whether the request has no other part. */
  readonly isWhole: boolean;
}

function* partsOf(request: RequestSpans): Generator<Part> {
  let spans: SpanRecord[] = [];
  let read = 0;
  let rejected = 0;
  let isFirst = true;
  for (const span of request) {
    if (read === PART) {
      yield { spans, rejected, isWhole: false };
      [spans, read, rejected, isFirst] = [[], 0, 0, false];
    }
    read++;
    if (span === undefined) rejected++;
    else spans.push(span);
  }
  if (read > 0) yield { spans, rejected, isWhole: isFirst };
}

import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { RequestSpans } from './decode-traces.ts';
import type { SpanRecord } from './span-record.ts';

/** Spans decoded and stored without a pause: a few milliseconds of work. */
const PART = 500;

/**
 * Passes the valid spans of a request to `keep` in parts, yielding to the event loop in between, so that a large
 * request neither blocks others nor needs more memory than its body. Nothing of a malformed request is kept: a
 * request with more than one part is therefore decoded twice. Returns the number of invalid spans. Rejects with
 * OtlpError, and with what `keep` throws.
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
    await yieldToEventLoop();
    last = parts.next();
  }
  if (first.done) return 0;
  if (first.value.isWhole) {
    keep(first.value.spans);
    return rejected;
  }
  for (const { spans } of partsOf(request)) {
    keep(spans);
    await yieldToEventLoop();
  }
  return rejected;
}

interface Part {
  readonly spans: readonly SpanRecord[];
  readonly rejected: number;
  /** Whether this is the only part of the request. */
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

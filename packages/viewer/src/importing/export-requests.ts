import { decodeTraces } from '../decode-traces.ts';
import { maxJsonBytes } from '../otlp-limits.ts';
import { traceToOtlp } from '../otlp-trace.ts';
import type { SpanRecord } from '../span-record.ts';
import { ImportError, shown } from './imported-span.ts';

/** Spans as one OTLP export request. */
export interface ExportRequest {
  /** The body in JSON. */
  readonly body: string;
  /** Its spans, as a collector decodes them. */
  readonly spans: readonly SpanRecord[];
}

const MAX_SPANS = 1000;

/**
 * Divides imported spans into requests that a collector accepts. Imported spans thus obey the limits of received ones,
 * wherever they are stored. Throws ImportError and OtlpError for spans that exceed a limit.
 */
export function exportRequests(spans: readonly SpanRecord[], maxBytes = maxJsonBytes()): ExportRequest[] {
  const requests: ExportRequest[] = [];
  for (let from = 0; from < spans.length; from += MAX_SPANS)
    requests.push(...requestsOf(spans.slice(from, from + MAX_SPANS), maxBytes));
  return requests;
}

function requestsOf(spans: readonly SpanRecord[], maxBytes: number): ExportRequest[] {
  const body = JSON.stringify(traceToOtlp({ traceId: '', spans }));
  const bytes = Buffer.from(body);
  if (bytes.length <= maxBytes) return [{ body, spans: decodeTraces(bytes, 'application/json') }];
  if (spans.length === 1)
    throw new ImportError(
      `expected spans of at most ${maxBytes} bytes, got ${bytes.length} in span ${shown(spans[0]?.name)}`,
    );
  const half = spans.length >> 1;
  return [...requestsOf(spans.slice(0, half), maxBytes), ...requestsOf(spans.slice(half), maxBytes)];
}

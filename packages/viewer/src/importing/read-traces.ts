import { decodeTraces } from '../decode-traces.ts';
import type { SpanRecord } from '../span-record.ts';
import { ImportError, type Json } from './imported-span.ts';
import { spansOfJaeger } from './jaeger-json.ts';
import { pointsOfReport } from './osprofiler-report.ts';
import { spansOfOwn } from './own-json.ts';
import { spansOfPoints } from './point-pairs.ts';
import { spansOfZipkin } from './zipkin-json.ts';

/**
 * Reads the spans of a file; its format is found out from its content: OTLP JSON (one request, or one a line), the JSON of
 * this collector's API, of Jaeger or of Zipkin, or what `osprofiler trace show --json` prints. Throws ImportError and
 * OtlpError.
 */
export function readTraces(text: string): SpanRecord[] {
  const whole = parse(text);
  if (whole !== undefined) return spansIn(whole, text);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.flatMap((line, index) => {
    const json = parse(line);
    if (json === undefined) throw new ImportError(`expected JSON, got something else in line ${index + 1}`);
    return spansIn(json, line);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function spansIn(json: unknown, text: string): SpanRecord[] {
  if (Array.isArray(json)) return spansOfZipkin(json);
  if (typeof json === 'object' && json !== null) {
    if ('resourceSpans' in json) return decodeTraces(Buffer.from(text), 'application/json');
    if ('data' in json) return spansOfJaeger(json as Json);
    if ('children' in json) return [...spansOfPoints(pointsOfReport(json as Json))];
    if ('traceId' in json && 'spans' in json) return spansOfOwn(json as Json);
  }
  throw new ImportError(
    'expected the JSON of OTLP, Jaeger, Zipkin, clew show --json or osprofiler trace show --json',
  );
}

import type { Extraction, SamplingHint, TraceFormat } from '../format.ts';
import { decimalOfHex, hexOfDecimal } from './decimal-id.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
import { readHeader } from './read-header.ts';
import { remoteParent, startOf } from './remote-parent.ts';

const NAME = 'gcp';
const HEADER = 'x-cloud-trace-context';
const PATTERN = /^([\da-f]{32})(?:\/(\d{1,20}))?(?:;o=(\d{1,3}))?$/i;
/** 32 digits, 20, 3, and the text between them. */
const MAX_CHARS = 59;
const TRACED = 1;

/**
 * Google Cloud's older header; the span id is decimal. Named as in OpenTelemetry's Java distribution.
 * Source: https://cloud.google.com/trace/docs/trace-context#legacy-http-header
 */
export const gcp: TraceFormat = {
  name: NAME,
  fields: [HEADER],

  extract: (carrier, getter) => readHeader(NAME, HEADER, MAX_CHARS, parse, carrier, getter),

  inject({ spanContext: { traceId, spanId, traceFlags } }, carrier, setter) {
    setter.set(carrier, HEADER, `${traceId}/${decimalOfHex(spanId)};o=${traceFlags & 1}`);
  },
};

function parse(text: string): Extraction | undefined {
  const [, trace, span, options] = PATTERN.exec(text) ?? [];
  const traceId = traceIdOf(trace);
  if (traceId === undefined) return undefined;
  const decision = hintOf(options);
  const id = span === undefined ? undefined : hexOfDecimal(span);
  if (span !== undefined && id === undefined) return undefined;
  const spanId = spanIdOf(id);
  return spanId === undefined ? startOf(traceId, decision) : remoteParent(traceId, spanId, decision);
}

function hintOf(options: string | undefined): SamplingHint | undefined {
  if (options === undefined) return undefined;
  return (Number(options) & TRACED) === 0 ? 'drop' : 'sample';
}

import type { TextMapGetter } from '@opentelemetry/api';
import type { Extraction, Outgoing, SamplingHint } from '../format.ts';
import { isDebug } from './debug-mark.ts';
import { shortTraceId, spanIdOf, traceIdOf } from './ids.ts';
import { readHeader } from './read-header.ts';
import { remoteParent, startOf } from './remote-parent.ts';

export const B3_HEADER = 'b3';
/** 32 digits, 16, a letter, 16, and the dashes between them. */
const MAX_CHARS = 68;

/** Reads `{trace}-{span}[-{0,1,d}[-{parent}]]`, or a decision without ids. */
export function readB3Header<C>(carrier: C, getter: TextMapGetter<C>): Extraction | undefined {
  return readHeader('b3', B3_HEADER, MAX_CHARS, parse, carrier, getter);
}

/** The header's value, without the parent's parent, which receivers do not need. */
export function b3HeaderOf({ spanContext }: Outgoing): string {
  const decision = isDebug(spanContext) ? 'd' : spanContext.traceFlags & 1;
  return `${shortTraceId(spanContext.traceId)}-${spanContext.spanId}-${decision}`;
}

function parse(text: string): Extraction | undefined {
  const fields = text.split('-');
  const [first, second, letter, parent] = fields;
  if (second === undefined) return startOf(undefined, hintOf(first));
  const traceId = traceIdOf(first);
  const spanId = spanIdOf(second);
  const decision = hintOf(letter);
  if (traceId === undefined || spanId === undefined || fields.length > 4) return undefined;
  if (letter !== undefined && decision === undefined) return undefined;
  if (parent !== undefined && spanIdOf(parent) === undefined) return undefined;
  return remoteParent(traceId, spanId, decision);
}

function hintOf(letter: string | undefined): SamplingHint | undefined {
  if (letter === '1') return 'sample';
  if (letter === '0') return 'drop';
  return letter === 'd' ? 'force' : undefined;
}

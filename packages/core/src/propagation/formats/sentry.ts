import type { Extraction, SamplingHint, TraceFormat } from '../format.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
import { readHeader } from './read-header.ts';
import { remoteParent, startOf } from './remote-parent.ts';

const NAME = 'sentry';
const HEADER = 'sentry-trace';
const MAX_CHARS = 64;

/**
 * Sentry's header; its SDKs propagate everything else in `baggage`.
 * Source: https://develop.sentry.dev/sdk/foundations/trace-propagation/
 */
export const sentry: TraceFormat = {
  name: NAME,
  fields: [HEADER],

  extract: (carrier, getter) => readHeader(NAME, HEADER, MAX_CHARS, parse, carrier, getter),

  inject({ spanContext: { traceId, spanId, traceFlags } }, carrier, setter) {
    setter.set(carrier, HEADER, `${traceId}-${spanId}-${traceFlags & 1}`);
  },
};

/** Reads `{trace}-{span}[-{0,1}]`, or a decision without ids. */
function parse(text: string): Extraction | undefined {
  const fields = text.trim().split('-');
  const [trace, span, letter] = fields;
  if (span === undefined) return startOf(undefined, hintOf(trace));
  const traceId = trace?.length === 32 ? traceIdOf(trace) : undefined;
  const spanId = span.length === 16 ? spanIdOf(span) : undefined;
  const decision = hintOf(letter);
  if (traceId === undefined || spanId === undefined || fields.length > 3) return undefined;
  // A dash without a decision means that the decision is deferred.
  return letter && decision === undefined ? undefined : remoteParent(traceId, spanId, decision);
}

function hintOf(letter: string | undefined): SamplingHint | undefined {
  if (letter === '1') return 'sample';
  return letter === '0' ? 'drop' : undefined;
}

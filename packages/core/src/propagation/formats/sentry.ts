import { countDropped } from '../dropped.ts';
import { type Extraction, type SamplingHint, single, type TraceFormat } from '../format.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
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

  extract(carrier, getter) {
    const header = getter.get(carrier, HEADER);
    if (header === undefined) return undefined;
    const text = single(header);
    const extraction = text === undefined || text.length > MAX_CHARS ? undefined : parse(text.trim());
    if (extraction === undefined) countDropped(NAME, 'malformed sentry-trace');
    return extraction;
  },

  inject({ spanContext: { traceId, spanId, traceFlags } }, carrier, setter) {
    setter.set(carrier, HEADER, `${traceId}-${spanId}-${traceFlags & 1}`);
  },
};

/** Reads `{trace}-{span}[-{0,1}]`, or a decision without ids. */
function parse(text: string): Extraction | undefined {
  const fields = text.split('-');
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

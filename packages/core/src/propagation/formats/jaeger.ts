import type { TextMapGetter } from '@opentelemetry/api';
import { countDropped } from '../dropped.ts';
import { type Extraction, joined, type SamplingHint, single, type TraceFormat } from '../format.ts';
import { BaggageCollector, collectBaggageHeaders, decoded, writeBaggageHeaders } from './baggage-headers.ts';
import { isDebug } from './debug-mark.ts';
import { shortTraceId, spanIdOf, traceIdOf } from './ids.ts';
import { membersOf } from './list-members.ts';
import { remoteParent, startOf } from './remote-parent.ts';

const NAME = 'jaeger';
const TRACE_ID = 'uber-trace-id';
const DEBUG_ID = 'jaeger-debug-id';
const BAGGAGE = 'jaeger-baggage';
const BAGGAGE_PREFIX = 'uberctx-';

/** All four fields with every character percent-encoded. */
const MAX_CHARS = 256;
const FLAGS = /^[\da-f]{1,2}$/i;
const SAMPLED = 1;
const DEBUG = 2;

/** Jaeger's own headers. Source: https://www.jaegertracing.io/sdk-migration/#propagation-format */
export const jaeger: TraceFormat = {
  name: NAME,
  fields: [TRACE_ID],

  extract(carrier, getter) {
    const header = getter.get(carrier, TRACE_ID);
    const extraction = header === undefined ? readWithoutIds(carrier, getter) : readIds(single(header));
    const list = joined(getter.get(carrier, BAGGAGE));
    if (extraction === undefined && list === undefined) return undefined;
    const collector = new BaggageCollector(NAME);
    if (list !== undefined) collectList(collector, list);
    collectBaggageHeaders(collector, BAGGAGE_PREFIX, carrier, getter);
    const { baggage } = collector;
    if (baggage === undefined) return extraction;
    return { ...(extraction ?? { kind: 'start' }), baggage };
  },

  inject({ spanContext, baggage }, carrier, setter) {
    const flags = isDebug(spanContext) ? SAMPLED | DEBUG : spanContext.traceFlags & 1;
    const value = `${shortTraceId(spanContext.traceId)}:${spanContext.spanId}:0:${flags}`;
    setter.set(carrier, TRACE_ID, value);
    writeBaggageHeaders(baggage, BAGGAGE_PREFIX, carrier, setter);
  },
};

/** A debug id without a trace id asks to sample the trace that starts here. */
function readWithoutIds<C>(carrier: C, getter: TextMapGetter<C>): Extraction | undefined {
  return getter.get(carrier, DEBUG_ID) === undefined ? undefined : startOf(undefined, 'force');
}

/** Reads `{trace}:{span}:{parent}:{flags}`, hex without padding. */
function readIds(text: string | undefined): Extraction | undefined {
  const fields = text === undefined || text.length > MAX_CHARS ? [] : decoded(text).split(':');
  const [trace, span, , flags = ''] = fields;
  const traceId = traceIdOf(trace);
  const spanId = spanIdOf(span);
  if (traceId === undefined || spanId === undefined || fields.length !== 4 || !FLAGS.test(flags)) {
    countDropped(NAME, 'malformed uber-trace-id');
    return undefined;
  }
  return remoteParent(traceId, spanId, hintOf(Number.parseInt(flags, 16)));
}

function hintOf(flags: number): SamplingHint {
  if ((flags & DEBUG) !== 0) return 'force';
  return (flags & SAMPLED) === 0 ? 'drop' : 'sample';
}

/** Reads `jaeger-baggage: key=value, key=value`, which is meant to be written by hand. */
function collectList(into: BaggageCollector, list: string): void {
  let malformed = false;
  for (const member of membersOf(list)) {
    const equals = member.indexOf('=');
    const key = member.slice(0, Math.max(equals, 0)).trim();
    if (key === '') malformed = true;
    else if (!into.add(key, member.slice(equals + 1).trim())) break;
  }
  if (malformed) countDropped(NAME, 'malformed member of jaeger-baggage');
}

import { countDropped } from '../dropped.ts';
import { type SamplingHint, single, type TraceFormat } from '../format.ts';
import { BaggageCollector, collectBaggageHeaders, writeBaggageHeaders } from './baggage-headers.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
import { remoteParent } from './remote-parent.ts';

const NAME = 'ottrace';
const TRACE_ID = 'ot-tracer-traceid';
const SPAN_ID = 'ot-tracer-spanid';
const SAMPLED = 'ot-tracer-sampled';
const BAGGAGE_PREFIX = 'ot-baggage-';

/**
 * The headers of OpenTracing's basic tracers. Their ids have 64 bits: only the lower half of a longer trace id is written.
 * Source: https://opentelemetry.io/docs/specs/otel/context/api-propagators/#propagators-distribution
 */
export const otTrace: TraceFormat = {
  name: NAME,
  fields: [TRACE_ID, SPAN_ID, SAMPLED],

  extract(carrier, getter) {
    const header = getter.get(carrier, TRACE_ID);
    if (header === undefined) return undefined;
    const traceId = traceIdOf(single(header));
    const spanId = spanIdOf(single(getter.get(carrier, SPAN_ID)));
    if (traceId === undefined || spanId === undefined) {
      countDropped(NAME, 'malformed ids');
      return undefined;
    }
    const parent = remoteParent(traceId, spanId, hintOf(single(getter.get(carrier, SAMPLED))));
    const collector = new BaggageCollector(NAME);
    collectBaggageHeaders(collector, BAGGAGE_PREFIX, carrier, getter);
    const { baggage } = collector;
    return baggage === undefined ? parent : { ...parent, baggage };
  },

  inject({ spanContext, baggage }, carrier, setter) {
    setter.set(carrier, TRACE_ID, spanContext.traceId.slice(16));
    setter.set(carrier, SPAN_ID, spanContext.spanId);
    setter.set(carrier, SAMPLED, (spanContext.traceFlags & 1) === 1 ? 'true' : 'false');
    writeBaggageHeaders(baggage, BAGGAGE_PREFIX, carrier, setter);
  },
};

function hintOf(sampled: string | undefined): SamplingHint | undefined {
  if (sampled === 'true' || sampled === '1') return 'sample';
  return sampled === 'false' || sampled === '0' ? 'drop' : undefined;
}

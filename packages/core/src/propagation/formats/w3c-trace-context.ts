import type { SpanContext } from '@opentelemetry/api';
import { countDropped } from '../dropped.ts';
import { joined, single, type TraceFormat } from '../format.ts';
import { readTraceparent } from '../span-context.ts';
import { WRITE_TRACEPARENT } from '../traceparent-writer.ts';
import { DEBUG_KEY, isDebug } from './debug-mark.ts';
import { parseTraceState, traceStateText } from './w3c-trace-state.ts';

const TRACESTATE = 'tracestate';

/** A trace state with other characters is not written: it may be an object of another implementation. */
const VISIBLE = /^[\x20-\x7e]*$/;

/** The flags of level 2: sampled (0x01) and random trace id (0x02). All others are written as zero. */
const KNOWN_FLAGS = 0x03;
const FLAGS = ['00', '01', '02', '03'] as const;

/** W3C Trace Context, level 2. Source: https://www.w3.org/TR/trace-context-2/ */
export const w3cTraceContext: TraceFormat = traceparentFormat('tracecontext', 'traceparent');

/** Creates a format that consists of `tracestate` and a header with the syntax of `traceparent`. */
export function traceparentFormat(name: string, header: string): TraceFormat {
  return {
    name,
    fields: [header, TRACESTATE],

    extract(carrier, getter) {
      const value = getter.get(carrier, header);
      if (value === undefined) return undefined;
      const text = single(value);
      const spanContext = text === undefined ? undefined : readTraceparent(text, KNOWN_FLAGS);
      if (spanContext === undefined) {
        countDropped(name, `malformed ${header}`);
        return undefined;
      }
      const state = joined(getter.get(carrier, TRACESTATE));
      if (state === undefined || state === '') return { kind: 'parent', spanContext };
      const traceState = parseTraceState(state);
      if (traceState === undefined) countDropped(name, 'malformed tracestate');
      else spanContext.traceState = traceState;
      // The cheap check of the text comes first: reading one member parses them all, and few texts have this one.
      return state.includes(DEBUG_KEY) && isDebug(spanContext)
        ? { kind: 'parent', spanContext, debug: true }
        : { kind: 'parent', spanContext };
    },

    inject(outgoing, carrier, setter) {
      const { writer } = outgoing;
      setter.set(carrier, header, writer?.[WRITE_TRACEPARENT]() ?? traceparentOf(outgoing.spanContext));
      const state = traceStateText((writer ?? outgoing.spanContext).traceState);
      if (state !== undefined && VISIBLE.test(state)) setter.set(carrier, TRACESTATE, state);
    },
  };
}

function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${FLAGS[traceFlags & KNOWN_FLAGS]}`;
}

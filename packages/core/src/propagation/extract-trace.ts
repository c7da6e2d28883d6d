import {
  type Context,
  type Link,
  propagation,
  type SpanContext,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';
import type { Extraction, TraceFormat } from './format.ts';
import { withIncoming } from './incoming.ts';
import { withSigned, withVerification } from './provenance.ts';

interface Found {
  readonly format: string;
  readonly extraction: Extraction;
}

/** Reads the formats in order; returns the same context if the carrier has no trace. */
export function extractTrace<C>(
  formats: readonly TraceFormat[],
  context: Context,
  carrier: C,
  getter: TextMapGetter<C>,
): Context {
  let winner: Extraction | undefined;
  let others: Found[] | undefined;
  let refused = false;
  for (const format of formats) {
    const extraction = format.extract(carrier, getter);
    if (extraction === undefined) {
      if (format.signs === true)
        refused ||= format.fields.some((name) => getter.get(carrier, name) !== undefined);
      continue;
    }
    if (winner === undefined) winner = extraction;
    else others = [...(others ?? []), { format: format.name, extraction }];
  }
  if (winner !== undefined) return resolve(context, winner, others);
  return refused ? withVerification(context, { refused }) : context;
}

const NO_LINKS: readonly Link[] = [];

/** A parent wins over a sampling hint without a parent, whatever their order. */
function resolve(context: Context, first: Extraction, others: readonly Found[] | undefined): Context {
  let winner = first;
  if (first.kind === 'start' && others !== undefined) {
    winner = others.find(({ extraction }) => extraction.kind === 'parent')?.extraction ?? first;
  }
  const links = others === undefined ? NO_LINKS : linksTo(others, winner);
  let resolved = winner.signed === true ? withSigned(context) : context;
  if (winner.baggage !== undefined) resolved = propagation.setBaggage(resolved, winner.baggage);
  if (winner.kind === 'start') {
    const { traceId, decision: samplingHint, traceState } = winner;
    return withIncoming(resolved, { links, traceId, samplingHint, traceState });
  }
  resolved = trace.setSpanContext(resolved, withTraceState(winner.spanContext, others));
  const { undecided } = winner;
  return links.length === 0 && undecided !== true ? resolved : withIncoming(resolved, { links, undecided });
}

/** A format without a trace state takes the trace state of the same trace's other headers, so that it is passed on. */
function withTraceState(parent: SpanContext, others: readonly Found[] | undefined): SpanContext {
  if (parent.traceState !== undefined || others === undefined) return parent;
  for (const { extraction } of others) {
    if (extraction.kind !== 'parent' || extraction.spanContext.traceState === undefined) continue;
    if (sameTrace(extraction.spanContext, parent.traceId)) {
      return { ...parent, traceState: extraction.spanContext.traceState };
    }
  }
  return parent;
}

function linksTo(others: readonly Found[], winner: Extraction): Link[] {
  const traceId = winner.kind === 'parent' ? winner.spanContext.traceId : winner.traceId;
  const links: Link[] = [];
  for (const { format, extraction } of others) {
    if (extraction === winner || extraction.kind !== 'parent') continue;
    const { spanContext } = extraction;
    if (sameTrace(spanContext, traceId)) continue;
    links.push({ context: spanContext, attributes: { 'clew.link.format': format } });
  }
  return links;
}

/** A 64-bit id, padded with zeros, is the same trace as the 128-bit id with the same lower half. */
function sameTrace({ traceId }: SpanContext, other: string | undefined): boolean {
  if (other === undefined || traceId === other) return traceId === other;
  const half = traceId.slice(16) === other.slice(16);
  return half && (traceId.startsWith('0000000000000000') || other.startsWith('0000000000000000'));
}

import {
  type Baggage,
  type Context,
  type Link,
  propagation,
  type Span,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed } from '../context/suppression.ts';
import {
  type ContextFormat,
  type Extraction,
  type Outgoing,
  type TraceFormat,
  type TraceparentWriter,
  WRITE_TRACEPARENT,
} from './format.ts';
import { withIncoming } from './incoming.ts';
import { SIGNATURE_HEADER, type Signature, withSigned } from './signature.ts';
import { isValid } from './span-context.ts';

/** Which formats are read, in order, and which are written. */
export interface PropagatorOptions {
  /** The first that is valid wins; a later one with another trace id becomes a link. */
  readonly extract: readonly TraceFormat[];
  /** All are written. */
  readonly inject: readonly TraceFormat[];
  /** Read beside the trace. */
  readonly extractBeside: readonly ContextFormat[];
  /** Written beside the trace. */
  readonly injectBeside: readonly ContextFormat[];
  /** Signs what goes out and verifies what comes in. */
  readonly signature?: Signature | undefined;
}

/** Makes an OpenTelemetry propagator of wire formats. */
export function createPropagator(options: PropagatorOptions): TextMapPropagator {
  const { extract, inject, extractBeside, injectBeside, signature } = options;
  const names = [...inject, ...injectBeside].flatMap((format) => format.fields);
  const fields = [...new Set(signature ? [...names, SIGNATURE_HEADER] : names)];
  return {
    extract<C>(context: Context, carrier: C, getter: TextMapGetter<C>): Context {
      let extracted = extractTrace(extract, context, carrier, getter);
      for (const format of extractBeside) extracted = format.extract(extracted, carrier, getter);
      return signature === undefined || extracted === context
        ? extracted
        : signature.verify(extracted, carrier, getter);
    },
    inject<C>(context: Context, carrier: C, setter: TextMapSetter<C>): void {
      if (isTracingSuppressed(context)) return;
      if (signature === undefined) {
        injectAll(context, carrier, setter);
        return;
      }
      const headers = new Map<string, string>();
      injectAll(context, headers, { set: (written, name, value) => written.set(name, value) });
      for (const [name, value] of headers) setter.set(carrier, name, value);
      if (headers.size > 0) setter.set(carrier, SIGNATURE_HEADER, signature.sign(headers));
    },
    fields: () => [...fields],
  };

  function injectAll<C>(context: Context, carrier: C, setter: TextMapSetter<C>): void {
    const span = trace.getSpan(context);
    const writer = span !== undefined && isWriter(span) ? span : undefined;
    if (span !== undefined && (writer !== undefined || isValid(span.spanContext()))) {
      const outgoing = new OutgoingTrace(span, context, writer);
      for (const format of inject) format.inject(outgoing, carrier, setter);
    }
    for (const format of injectBeside) format.inject(context, carrier, setter);
  }
}

/** Most formats ask for one part of it. */
class OutgoingTrace implements Outgoing {
  readonly writer: TraceparentWriter | undefined;
  readonly #span: Span;
  readonly #context: Context;

  constructor(span: Span, context: Context, writer: TraceparentWriter | undefined) {
    this.writer = writer;
    this.#span = span;
    this.#context = context;
  }

  get spanContext(): SpanContext {
    return this.#span.spanContext();
  }

  get baggage(): Baggage | undefined {
    return propagation.getBaggage(this.#context);
  }
}

function isWriter(span: Span & Partial<TraceparentWriter>): span is Span & TraceparentWriter {
  return span[WRITE_TRACEPARENT] !== undefined;
}

interface Found {
  readonly format: string;
  readonly extraction: Extraction;
}

function extractTrace<C>(
  formats: readonly TraceFormat[],
  context: Context,
  carrier: C,
  getter: TextMapGetter<C>,
): Context {
  let winner: Extraction | undefined;
  let others: Found[] | undefined;
  for (const format of formats) {
    const extraction = format.extract(carrier, getter);
    if (extraction === undefined) continue;
    if (winner === undefined) winner = extraction;
    else others = [...(others ?? []), { format: format.name, extraction }];
  }
  return winner === undefined ? context : resolve(context, winner, others);
}

const NO_LINKS: readonly Link[] = [];

/** A parent goes before a mere wish, whatever their order: an id is worth more than a flag. */
function resolve(context: Context, first: Extraction, others: readonly Found[] | undefined): Context {
  let winner = first;
  if (first.kind === 'start' && others !== undefined) {
    winner = others.find(({ extraction }) => extraction.kind === 'parent')?.extraction ?? first;
  }
  const links = others === undefined ? NO_LINKS : linksTo(others, winner);
  let resolved = winner.signed === true ? withSigned(context) : context;
  if (winner.baggage !== undefined) resolved = propagation.setBaggage(resolved, winner.baggage);
  if (winner.kind === 'start') {
    const { traceId, decision: wish, traceState } = winner;
    return withIncoming(resolved, { links, traceId, wish, traceState });
  }
  resolved = trace.setSpanContext(resolved, withTraceState(winner.spanContext, others));
  const { undecided } = winner;
  return links.length === 0 && undecided !== true ? resolved : withIncoming(resolved, { links, undecided });
}

/** What the same trace's other headers carry along must not end here: a format without a trace state takes theirs. */
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

/** A 64-bit id, padded with zeros, names the same trace as the 128-bit id whose end it is. */
function sameTrace({ traceId }: SpanContext, other: string | undefined): boolean {
  if (other === undefined || traceId === other) return traceId === other;
  const half = traceId.slice(16) === other.slice(16);
  return half && (traceId.startsWith('0000000000000000') || other.startsWith('0000000000000000'));
}

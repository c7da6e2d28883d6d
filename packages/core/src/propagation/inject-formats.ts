import {
  type Baggage,
  type Context,
  propagation,
  type Span,
  type SpanContext,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { reportFailure } from '../kit/failures.ts';
import type { Outgoing } from './format.ts';
import type { PropagatorOptions } from './propagator.ts';
import { maySignTrace } from './provenance.ts';
import { isValid } from './span-context.ts';
import { type TraceparentWriter, traceparentWriterOf } from './traceparent-writer.ts';

/** Writes all formats. If a format throws, the others are still written. */
export function injectFormats<C>(
  { inject, injectBeside }: PropagatorOptions,
  context: Context,
  carrier: C,
  setter: TextMapSetter<C>,
): void {
  const outgoing = outgoingOf(context);
  if (outgoing !== undefined) {
    for (const format of inject) {
      try {
        format.inject(outgoing, carrier, setter);
      } catch (fault) {
        reportFailure(`writing ${format.name}`, fault);
      }
    }
  }
  for (const format of injectBeside) {
    try {
      format.inject(context, carrier, setter);
    } catch (fault) {
      reportFailure(`writing ${format.name}`, fault);
    }
  }
}

/** `undefined` if the context has no valid span. */
function outgoingOf(context: Context): Outgoing | undefined {
  try {
    const span = trace.getSpan(context);
    if (span === undefined || span === null) return undefined;
    const writer = traceparentWriterOf(span);
    if (writer === undefined && !isValid(span.spanContext())) return undefined;
    return new OutgoingTrace(span, context, writer);
  } catch (fault) {
    reportFailure('reading the current span', fault);
    return undefined;
  }
}

/** Getters, because most formats need only one of the parts. */
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

  get unsigned(): boolean {
    const { traceState } = this.writer ?? this.spanContext;
    return !maySignTrace(traceState, this.#context, 'format');
  }
}

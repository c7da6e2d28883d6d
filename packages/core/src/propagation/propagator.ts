import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api';
import { isTracingSuppressed } from '../context/suppression.ts';
import { reportFailure } from '../kit/failures.ts';
import type { ContextFormat, TraceFormat } from './format.ts';
import { injectFormats } from './inject-formats.ts';
import { SIGNATURE_HEADER, type Signature } from './signature.ts';
import { extractSigned, extractUnsigned, injectSigned } from './signed-propagation.ts';

/** Which formats are read, in order, and which are written. */
export interface PropagatorOptions {
  /** The first valid one is the parent; a later one with another trace id becomes a link. */
  readonly extract: readonly TraceFormat[];
  /** All of these are written. */
  readonly inject: readonly TraceFormat[];
  /** Read in addition to the trace, such as baggage. */
  readonly extractBeside: readonly ContextFormat[];
  /** Written in addition to the trace, such as baggage. */
  readonly injectBeside: readonly ContextFormat[];
  /** Signs outgoing headers and verifies incoming ones. */
  readonly signature?: Signature | undefined;
}

/** Creates an OpenTelemetry propagator for wire formats. */
export function createPropagator(options: PropagatorOptions): TextMapPropagator {
  const { inject, injectBeside, signature } = options;
  const names = [...inject, ...injectBeside].flatMap((format) => format.fields);
  const fields = [...new Set(signature ? [...names, SIGNATURE_HEADER] : names)];
  return {
    extract<C>(context: Context, carrier: C, getter: TextMapGetter<C>): Context {
      try {
        return signature === undefined
          ? extractUnsigned(options, context, carrier, getter)
          : extractSigned(options, signature, context, carrier, getter);
      } catch (fault) {
        reportFailure('reading context from a carrier', fault);
        return context;
      }
    },
    inject<C>(context: Context, carrier: C, setter: TextMapSetter<C>): void {
      try {
        if (isTracingSuppressed(context)) return;
        if (signature === undefined) injectFormats(options, context, carrier, setter);
        else injectSigned(options, signature, context, carrier, setter);
      } catch (fault) {
        reportFailure('writing context into a carrier', fault);
      }
    },
    fields: () => [...fields],
  };
}

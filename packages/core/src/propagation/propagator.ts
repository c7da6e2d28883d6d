import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api';
import { isTracingSuppressed } from '../context/suppression.ts';
import { reportFailure } from '../kit/failures.ts';
import type { ContextFormat, TraceFormat } from './format.ts';
import { injectFormats } from './inject-formats.ts';
import { SIGNATURE_HEADER, type Signature } from './signature.ts';
import { extractSigned, extractUnsigned, injectSigned } from './signed-propagation.ts';

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

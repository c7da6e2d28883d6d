import { INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '../context/suppression.ts';
import { guard } from '../kit/failures.ts';
import { matchesAny } from '../kit/options.ts';
import type { Tools } from '../kit/target.ts';
import { currentContext } from '../operation.ts';
import { type CallParts, ClientCall } from './client-call.ts';
import type { ClientOptions } from './client-options.ts';
import { isRecorded } from './recorded-call.ts';

const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/**
 * Starts the span of a call in the context of its caller. Returns `undefined` if the call is not traced; then `describe`
 * is not called if the parent is unsampled and no metrics are recorded. Run the SDK's function in `call.run`, so that
 * its HTTP requests, retries included, are children of the span.
 *
 * @example
 * const call = client.startCall(tools, () => ({ operation }));
 * return call === undefined ? send.call(this, input) : call.settle(call.run(() => send.call(this, input)));
 */
export function startCall(tools: Tools<ClientOptions>, describe: () => CallParts): ClientCall | undefined {
  const parent = currentContext();
  if (isTracingSuppressed(parent)) return undefined;
  const recorded = isRecorded(tools, parent);
  if (!recorded && tools.meter === undefined) return undefined;
  return guard(`${tools.name}: starting a span`, () => {
    const parts = describe();
    const { name, spanOptions } = parts.operation;
    const { ignore } = tools.options;
    if (ignore.length > 0 && matchesAny(ignore, name)) return undefined;
    if (!recorded)
      return parts.measure === undefined ? undefined : new ClientCall(parts, NO_SPAN, parent, parent);
    const { attributes } = parts;
    const span = tools.tracer.startSpan(
      name,
      attributes === undefined
        ? spanOptions
        : { ...spanOptions, attributes: { ...spanOptions.attributes, ...attributes } },
      parent,
    );
    return new ClientCall(parts, span, trace.setSpan(parent, span), parent);
  });
}

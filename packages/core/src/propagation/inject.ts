import { type Context, propagation, type TextMapSetter } from '@opentelemetry/api';
import { SIGNATURE_HEADER } from './signature.ts';

/** Access to a carrier that may already hold headers of the application: an outgoing request, a message. */
export interface CarrierWriter<Carrier> extends TextMapSetter<Carrier> {
  /** Whether the carrier has a header of this name; names are compared as in the protocol. */
  has(carrier: Carrier, name: string): boolean;
  /** Removes all headers of this name. */
  remove(carrier: Carrier, name: string): void;
  /** The names of all headers, in any case. Called only for a carrier that holds an older trace. */
  names(carrier: Carrier): readonly string[];
  /** Whether the carrier has no headers at all: a cheap check that there is no older context. */
  isEmpty?(carrier: Carrier): boolean;
  /**
   * Called before an injection; returns `false` if the carrier is full. Provided by `boundedWriter`, whose `set` returns
   * `false` for a header that it has left out.
   */
  begin?(carrier: Carrier): boolean;
}

/** Whether the setter of a bounded carrier has left a header out. */
export function isLeftOut(setResult: unknown): boolean {
  return setResult === false;
}

const BAGGAGE = 'baggage';

/** Formats that write one header for each entry of baggage do not list these headers in their `fields`. */
const BAGGAGE_PREFIXES = ['uberctx-', 'ot-baggage-'] as const;

/**
 * Injects a context and removes headers of an older one, such as those of a copied incoming request or of a message that
 * is published again. Otherwise a new `traceparent` would be sent with a stale `tracestate`.
 *
 * Headers are removed only if a trace is written. `baggage` that the application has set itself, without trace headers,
 * stays unless the context has baggage.
 *
 * @example
 * injectFresh(context.active(), request, {
 *   set: (request, name, value) => request.setHeader(name, value),
 *   has: (request, name) => request.hasHeader(name),
 *   remove: (request, name) => request.removeHeader(name),
 *   names: (request) => request.getHeaderNames(),
 * });
 */
export function injectFresh<Carrier>(
  context: Context,
  carrier: Carrier,
  writer: CarrierWriter<Carrier>,
): void {
  if (writer.begin?.(carrier) === false) return;
  if (writer.isEmpty?.(carrier) === true) {
    propagation.inject(context, carrier, writer);
    return;
  }
  const held = propagation.fields().filter((name) => writer.has(carrier, name));
  if (held.length === 0) propagation.inject(context, carrier, writer);
  else replaceHeld(context, carrier, writer, held);
}

function replaceHeld<Carrier>(
  context: Context,
  carrier: Carrier,
  writer: CarrierWriter<Carrier>,
  held: readonly string[],
): void {
  const written = new Set<string>();
  propagation.inject(context, carrier, {
    set(_, name, value) {
      if (!isLeftOut(writer.set(carrier, name, value))) written.add(name.toLowerCase());
    },
  });
  const wroteTrace = [...written].some((name) => !isBaggage(name));
  const heldTrace = held.some((name) => !isBaggage(name.toLowerCase()));
  if (!wroteTrace || !heldTrace) return;
  const prefixed = writer.names(carrier).filter((name) => hasBaggagePrefix(name.toLowerCase()));
  for (const name of [...held, ...prefixed]) {
    if (!written.has(name.toLowerCase())) writer.remove(carrier, name);
  }
}

function isBaggage(name: string): boolean {
  return name === BAGGAGE || hasBaggagePrefix(name);
}

function hasBaggagePrefix(name: string): boolean {
  return BAGGAGE_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** Removes all injected headers. */
export function removeInjected<Carrier>(carrier: Carrier, writer: CarrierWriter<Carrier>): void {
  for (const name of propagation.fields()) writer.remove(carrier, name);
  removeInjectedBaggage(carrier, writer);
}

/** Removes the injected baggage, and the signature that covers it. */
export function removeInjectedBaggage<Carrier>(carrier: Carrier, writer: CarrierWriter<Carrier>): void {
  for (const name of writer.names(carrier)) {
    if (isBaggage(name.toLowerCase()) || name.toLowerCase() === SIGNATURE_HEADER)
      writer.remove(carrier, name);
  }
}

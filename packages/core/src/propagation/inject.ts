import { type Context, propagation, type TextMapSetter } from '@opentelemetry/api';
import { SIGNATURE_HEADER } from './signature.ts';

/** Access to a carrier that the application may have filled before: an outgoing request, a message. */
export interface CarrierWriter<Carrier> extends TextMapSetter<Carrier> {
  /** Whether the carrier holds a header of this name; names are compared as the protocol does it. */
  has(carrier: Carrier, name: string): boolean;
  /** Removes all headers of this name. */
  remove(carrier: Carrier, name: string): void;
  /** The names of all headers, in any case. Called only for a carrier that holds an older trace. */
  names(carrier: Carrier): readonly string[];
  /** Whether the carrier holds no header at all: a cheap way to know that there is nothing older in it. */
  isEmpty?(carrier: Carrier): boolean;
  /**
   * Called before an injection; `false` where the carrier has no room for one. Given by `boundedWriter`, whose `set`
   * returns `false` for a header that it has left out.
   */
  begin?(carrier: Carrier): boolean;
}

/** Whether a bounded carrier's setter has left a header out. */
export function isLeftOut(setResult: unknown): boolean {
  return setResult === false;
}

const BAGGAGE = 'baggage';

/** Formats that write baggage as one header an entry do not list these among their fields. */
const BAGGAGE_PREFIXES = ['uberctx-', 'ot-baggage-'] as const;

/**
 * Injects a context and removes what belongs to an older one: headers that were copied from an incoming request, or a
 * message that is published again. Without this, a fresh `traceparent` goes out beside a stale `tracestate`.
 *
 * Headers are removed only where a trace is written. `baggage` that the application has set by itself, without a
 * trace beside it, stays unless the context has baggage of its own.
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

/** Removes everything that injection has written. */
export function removeInjected<Carrier>(carrier: Carrier, writer: CarrierWriter<Carrier>): void {
  for (const name of propagation.fields()) writer.remove(carrier, name);
  removeInjectedBaggage(carrier, writer);
}

/** Removes the baggage that injection has written, and the signature that covers it. */
export function removeInjectedBaggage<Carrier>(carrier: Carrier, writer: CarrierWriter<Carrier>): void {
  for (const name of writer.names(carrier)) {
    if (isBaggage(name.toLowerCase()) || name.toLowerCase() === SIGNATURE_HEADER)
      writer.remove(carrier, name);
  }
}

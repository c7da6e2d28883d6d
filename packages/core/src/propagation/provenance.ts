import {
  type Baggage,
  type BaggageEntry,
  type Context,
  createContextKey,
  propagation,
  type SpanContext,
  type TraceState,
  trace,
} from '@opentelemetry/api';
import { emptyTraceState } from './formats/w3c-trace-state.ts';
import { type Incoming, incomingOf, withIncoming } from './incoming.ts';
import { RemoteSpanContext } from './span-context.ts';

/**
 * Where a trace comes from that this process did not begin: `unsigned`, or `format` where a format's own signature
 * (OSProfiler's) was valid. A trace without an origin began here or came with a valid `clew-signature`.
 */
export type TraceOrigin = 'unsigned' | 'format';

/** A trace state with this property remembers its trace's origin: spans pass it on to their children. */
export const TRACE_ORIGIN = Symbol.for('clew.trace-origin');

/** What the signatures of an incoming message cover. */
export interface Vouched {
  /** Which signature covers the trace, if any. */
  readonly trace?: 'signature' | 'format' | undefined;
  readonly baggage?: boolean | undefined;
  /** A signature was there and did not verify. */
  readonly refused?: boolean | undefined;
}

/** One in a process, also over several copies of this package. */
const TRACKED = Symbol.for('clew.provenance');
const shared = globalThis as { [TRACKED]?: { tracked: boolean } };
shared[TRACKED] ??= { tracked: false };
/** Looked up once: a property of the global object is not found fast. */
const holder = shared[TRACKED];

/** From now on incoming messages are marked with their origin. Called by whatever signs; nobody else pays for it. */
export function trackProvenance(): void {
  holder.tracked = true;
}

/** Whether anything signs in this process. */
export function isProvenanceTracked(): boolean {
  return holder.tracked;
}

const KEY = createContextKey('clew.vouched');
const NOTHING: Vouched = {};

/** What the signatures cover that came with this context. */
export function vouchedOf(context: Context): Vouched {
  return (context.getValue(KEY) as Vouched | undefined) ?? NOTHING;
}

export function withVouched(context: Context, vouched: Vouched): Context {
  return context.setValue(KEY, vouched);
}

/** Whether a valid signature covers the trace or the baggage that came in this context. */
export function isSigned(context: Context): boolean {
  const { trace: traceSignature, baggage } = vouchedOf(context);
  return traceSignature !== undefined || baggage === true;
}

/** Marks the trace that came as signed, and nothing else; for formats that carry a signature of their own. */
export function withSigned(context: Context): Context {
  return withVouched(context, { trace: 'format' });
}

/** Whether this process may sign the trace of a span: it began here, or came with a signature as strong. */
export function isTraceVouched(
  traceState: TraceState | undefined,
  context: Context,
  signature: 'signature' | 'format',
): boolean {
  const origin = originOf(traceState);
  if (origin === 'unsigned') return false;
  if (origin === 'format') return signature === 'format' || vouchedOf(context).trace === 'signature';
  return vouchedOf(context).refused !== true;
}

/** Whether a trace came in this context: a parent, a trace id, or a sampling decision. */
export function hasTrace(context: Context): boolean {
  return trace.getSpanContext(context) !== undefined || decidesTrace(incomingOf(context));
}

/** Links alone leave id and decision to us. */
function decidesTrace(incoming: Incoming | undefined): boolean {
  return incoming?.traceId !== undefined || incoming?.wish !== undefined;
}

/** Whether this process may sign baggage: it did not come unsigned. */
export function isBaggageVouched(baggage: Baggage | undefined): boolean {
  return !(baggage instanceof UnsignedBaggage);
}

/** The baggage without the mark of its origin. */
export function bareBaggage(baggage: Baggage): Baggage {
  return baggage instanceof UnsignedBaggage ? baggage.bare : baggage;
}

/** Marks what came unsigned in a context, so that nothing here signs it. What is marked stays as it is. */
export function withOrigins(context: Context): Context {
  const { trace: traceSignature, baggage: signedBaggage, refused } = vouchedOf(context);
  let marked = context;
  if (traceSignature === undefined) marked = withTraceOrigin(marked, refused === true);
  if (signedBaggage === true) return marked;
  const baggage = propagation.getBaggage(marked);
  if (baggage === undefined || baggage instanceof UnsignedBaggage) return marked;
  return propagation.setBaggage(marked, new UnsignedBaggage(baggage));
}

function withTraceOrigin(context: Context, refused: boolean): Context {
  const parent = trace.getSpanContext(context);
  if (parent !== undefined) {
    const traceState = marked(parent.traceState);
    return traceState === parent.traceState
      ? context
      : trace.setSpanContext(context, withState(parent, traceState));
  }
  const incoming = incomingOf(context);
  if (!refused && !decidesTrace(incoming)) return context;
  // The root of the trace that begins here takes this trace state.
  return withIncoming(context, { links: [], ...incoming, traceState: marked(incoming?.traceState) });
}

function withState(parent: SpanContext, traceState: TraceState): SpanContext {
  if (!(parent instanceof RemoteSpanContext)) return { ...parent, traceState };
  parent.traceState = traceState;
  return parent;
}

function originOf(state: TraceState | undefined): TraceOrigin | undefined {
  return (state as { readonly [TRACE_ORIGIN]?: TraceOrigin } | undefined)?.[TRACE_ORIGIN];
}

function marked(state: TraceState | undefined): TraceState {
  return state !== undefined && originOf(state) !== undefined
    ? state
    : new UnsignedTraceState(state ?? emptyTraceState);
}

class UnsignedTraceState implements TraceState {
  readonly [TRACE_ORIGIN]: TraceOrigin = 'unsigned';
  readonly #members: TraceState;

  constructor(members: TraceState) {
    this.#members = members;
  }

  get(key: string): string | undefined {
    return this.#members.get(key);
  }

  set(key: string, value: string): TraceState {
    return new UnsignedTraceState(this.#members.set(key, value));
  }

  unset(key: string): TraceState {
    return new UnsignedTraceState(this.#members.unset(key));
  }

  serialize(): string {
    return this.#members.serialize();
  }
}

/** Baggage of which at least one entry came unsigned: what is made of it by a change stays unsigned. */
class UnsignedBaggage implements Baggage {
  readonly bare: Baggage;

  constructor(bare: Baggage) {
    this.bare = bare;
  }

  getEntry(key: string): BaggageEntry | undefined {
    return this.bare.getEntry(key);
  }

  getAllEntries(): [string, BaggageEntry][] {
    return this.bare.getAllEntries();
  }

  setEntry(key: string, entry: BaggageEntry): Baggage {
    return new UnsignedBaggage(this.bare.setEntry(key, entry));
  }

  removeEntry(key: string): Baggage {
    return new UnsignedBaggage(this.bare.removeEntry(key));
  }

  removeEntries(...keys: string[]): Baggage {
    return new UnsignedBaggage(this.bare.removeEntries(...keys));
  }

  clear(): Baggage {
    return this.bare.clear();
  }
}

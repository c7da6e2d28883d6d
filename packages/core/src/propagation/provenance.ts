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

/** From now on incoming traces and baggage are marked with their origin. Called by code that signs, so that other applications don't pay for it. */
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

/** Whether an extraction has brought a trace into a context: a parent, a trace id, or a sampling decision. */
export function bringsTrace(context: Context, base: Context): boolean {
  if (trace.getSpan(context) !== trace.getSpan(base)) return true;
  const incoming = incomingOf(context);
  return incoming !== incomingOf(base) && decidesTrace(incoming);
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

/**
 * Marks what an extraction has brought unsigned into a context, so that nothing here signs it. What was in the context
 * that it was extracted into stays as it is, and so does what is marked.
 */
export function withOrigins(context: Context, base: Context): Context {
  const before = vouchedOf(base);
  const vouched = vouchedOf(context);
  const fresh = vouched === before ? NOTHING : vouched;
  const hasTrace = bringsTrace(context, base);
  const baggage = propagation.getBaggage(context);
  const hasBaggage = baggage !== undefined && baggage !== propagation.getBaggage(base);
  let marked = context;
  if (before !== NOTHING) {
    const ofTrace = hasTrace || fresh.refused === true ? fresh : before;
    const ofBaggage = hasBaggage ? fresh : before;
    const { trace: traceSignature, refused } = ofTrace;
    marked = withVouched(marked, { trace: traceSignature, refused, baggage: ofBaggage.baggage });
  }
  if (fresh.trace === undefined) {
    if (hasTrace) marked = withTraceOrigin(marked);
    else if (fresh.refused === true && trace.getSpan(marked) === undefined) marked = withRootOrigin(marked);
  }
  const isMarked = !hasBaggage || fresh.baggage === true || baggage instanceof UnsignedBaggage;
  return isMarked ? marked : propagation.setBaggage(marked, new UnsignedBaggage(baggage));
}

function withTraceOrigin(context: Context): Context {
  const parent = trace.getSpanContext(context);
  if (parent === undefined) return withRootOrigin(context);
  const traceState = marked(parent.traceState);
  return traceState === parent.traceState
    ? context
    : trace.setSpanContext(context, withState(parent, traceState));
}

/** The root of the trace that begins in this context takes the trace state. */
function withRootOrigin(context: Context): Context {
  const incoming = incomingOf(context);
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

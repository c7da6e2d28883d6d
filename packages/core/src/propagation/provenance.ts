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
 * The origin of a trace that this process did not start: `unsigned`, or `format` if a format's own signature
 * (OSProfiler's) was valid. A trace without an origin started here or had a valid `clew-signature`.
 */
export type TraceOrigin = 'unsigned' | 'format';

/** The property of a trace state that holds its trace's origin: spans pass the trace state on to their children. */
export const TRACE_ORIGIN = Symbol.for('clew.trace-origin');

/** The result of verifying the signatures of an incoming message. */
export interface Verification {
  /** Which signature covers the trace, if any. */
  readonly trace?: 'signature' | 'format' | undefined;
  readonly baggage?: boolean | undefined;
  /** There was a signature, and it was not valid. */
  readonly refused?: boolean | undefined;
}

/** Shared by all copies of this package in the process. */
const TRACKED = Symbol.for('clew.provenance');
const shared = globalThis as { [TRACKED]?: { tracked: boolean } };
shared[TRACKED] ??= { tracked: false };
/** Looked up once, because reading a property of the global object is slow. */
const holder = shared[TRACKED];

/** Marks incoming traces and baggage with their origin from now on. Called by code that signs, so that others don't pay for it. */
export function trackProvenance(): void {
  holder.tracked = true;
}

/** Whether any code signs in this process. */
export function isProvenanceTracked(): boolean {
  return holder.tracked;
}

const KEY = createContextKey('clew.verification');
const UNVERIFIED: Verification = {};

/** What the signatures of the message of this context cover. */
export function verificationOf(context: Context): Verification {
  return (context.getValue(KEY) as Verification | undefined) ?? UNVERIFIED;
}

export function withVerification(context: Context, verification: Verification): Context {
  return context.setValue(KEY, verification);
}

/** Whether a valid signature covers the incoming trace or baggage of this context. */
export function isSigned(context: Context): boolean {
  const { trace: traceSignature, baggage } = verificationOf(context);
  return traceSignature !== undefined || baggage === true;
}

/** Marks the incoming trace, but not its baggage, as signed; for formats with their own signature. */
export function withSigned(context: Context): Context {
  return withVerification(context, { trace: 'format' });
}

/** Whether this process may sign the trace of a span: it started here, or was received with a signature as strong. */
export function maySignTrace(
  traceState: TraceState | undefined,
  context: Context,
  signature: 'signature' | 'format',
): boolean {
  const origin = originOf(traceState);
  if (origin === 'unsigned') return false;
  if (origin === 'format') return signature === 'format' || verificationOf(context).trace === 'signature';
  return verificationOf(context).refused !== true;
}

/** Whether an extraction has added a trace to the context `base`: a parent, a trace id, or a sampling decision. */
export function hasNewTrace(context: Context, base: Context): boolean {
  if (trace.getSpan(context) !== trace.getSpan(base)) return true;
  const incoming = incomingOf(context);
  return incoming !== incomingOf(base) && decidesTrace(incoming);
}

/** Links alone set neither the trace id nor the sampling decision. */
function decidesTrace(incoming: Incoming | undefined): boolean {
  return incoming?.traceId !== undefined || incoming?.samplingHint !== undefined;
}

/** Whether this process may sign baggage: none of it was received unsigned. */
export function maySignBaggage(baggage: Baggage | undefined): boolean {
  return !(baggage instanceof UnsignedBaggage);
}

/** The baggage without the mark of its origin. */
export function unmarkedBaggage(baggage: Baggage): Baggage {
  return baggage instanceof UnsignedBaggage ? baggage.bare : baggage;
}

/**
 * Marks trace and baggage that an extraction added unsigned to the context `base`, so that this process does not sign
 * them. What was in `base`, or is already marked, stays unchanged.
 */
export function withOrigins(context: Context, base: Context): Context {
  const before = verificationOf(base);
  const verification = verificationOf(context);
  const fresh = verification === before ? UNVERIFIED : verification;
  const hasTrace = hasNewTrace(context, base);
  const baggage = propagation.getBaggage(context);
  const hasBaggage = baggage !== undefined && baggage !== propagation.getBaggage(base);
  let marked = context;
  if (before !== UNVERIFIED) {
    const ofTrace = hasTrace || fresh.refused === true ? fresh : before;
    const ofBaggage = hasBaggage ? fresh : before;
    const { trace: traceSignature, refused } = ofTrace;
    marked = withVerification(marked, { trace: traceSignature, refused, baggage: ofBaggage.baggage });
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

/** The root span that is started in this context takes over the trace state. */
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

/** Baggage with at least one unsigned entry: every change of it is unsigned too. */
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

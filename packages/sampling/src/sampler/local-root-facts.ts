import {
  type Incoming,
  incomingOf,
  isMarkedDebug,
  isSigned,
  type LocalRoot,
  traceStateText,
} from '@clew/core/internal';
import { type Attributes, type Context, ROOT_CONTEXT, SpanKind, type TraceState } from '@opentelemetry/api';
import type { Facts } from '../decider.ts';
import type { Origin } from '../policy.ts';
import { randomValueOf } from './ot-trace-state.ts';

const NO_ATTRIBUTES: Readonly<Attributes> = {};
const SAMPLED = 1;

/** The facts of a local root, in an object that is filled again for each decision. */
export class LocalRootFacts implements Facts {
  name = '';
  kind: SpanKind = SpanKind.INTERNAL;
  attributes: Readonly<Attributes> = NO_ATTRIBUTES;
  context: Context = ROOT_CONTEXT;
  origin: Origin = 'root';
  randomHigh = 0;
  randomLow = 0;
  route: string | undefined = undefined;
  routeIsFinal = true;
  /** Whether the remote parent sampled the trace; `undefined` if there is no parent, or it did not decide. */
  parentSampled: boolean | undefined = undefined;

  fill(root: LocalRoot): void {
    const { attributes, context, traceState } = root;
    this.name = root.name;
    this.kind = root.kind;
    this.attributes = attributes;
    this.context = context;
    const incoming = incomingOf(context);
    this.parentSampled = parentSampled(root.parentFlags, incoming);
    this.origin = originOf(root, incoming, this.parentSampled);
    const random = traceState === undefined ? undefined : randomValueOf(traceState);
    this.randomHigh = random?.randomHigh ?? root.randomHigh;
    this.randomLow = random?.randomLow ?? root.randomLow;
    const route = attributes['http.route'];
    this.route = typeof route === 'string' ? route : undefined;
    // Only a server's HTTP request has a router.
    const awaitsRouter = root.kind === SpanKind.SERVER && attributes['http.request.method'] !== undefined;
    this.routeIsFinal = this.route !== undefined || !awaitsRouter;
  }

  /** Forgets the request, so that it can be collected. */
  clear(): void {
    this.attributes = NO_ATTRIBUTES;
    this.context = ROOT_CONTEXT;
  }

  /** A copy that a pending decision keeps. */
  copy(): LocalRootFacts {
    return Object.assign(new LocalRootFacts(), this);
  }
}

function parentSampled(parentFlags: number, incoming: Incoming | undefined): boolean | undefined {
  if (incoming?.undecided === true) return undefined;
  if (parentFlags >= 0) return (parentFlags & SAMPLED) !== 0;
  const hint = incoming?.samplingHint;
  return hint === undefined ? undefined : hint !== 'drop';
}

function originOf(
  { context, traceState }: LocalRoot,
  incoming: Incoming | undefined,
  sampled: boolean | undefined,
): Origin {
  if (isSigned(context)) return 'signed';
  if (incoming?.samplingHint === 'force') return 'debug';
  if (sampled === undefined) return 'root';
  if (!sampled) return 'remote-unsampled';
  return traceState !== undefined && hasDebugMark(traceState) ? 'debug' : 'remote-sampled';
}

/** The text is searched first, because reading a member parses the trace state. */
function hasDebugMark(traceState: TraceState): boolean {
  return traceStateText(traceState)?.includes('clew=d:1') === true && isMarkedDebug(traceState);
}

import { type Context, type Link, propagation, trace } from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import { incomingOf, withIncoming } from './incoming.ts';
import { isProvenanceTracked, vouchedOf, withOrigins, withVouched } from './provenance.ts';
import { isUnambiguous } from './routed-path.ts';

/** What becomes of a trace that comes in: it goes on, a new one links to it, or it counts for nothing. */
export type TraceTrust = 'continue' | 'link' | 'ignore';

/** What becomes of baggage that comes in; a list keeps the keys that it names. */
export type BaggageTrust = 'keep' | 'drop' | readonly string[];

/** How far one peer is trusted. */
export interface Trust {
  readonly trace: TraceTrust;
  readonly baggage: BaggageTrust;
}

/**
 * Trust for some paths: a pattern is a prefix followed by `*`, or the exact path; for messages it is the queue's name.
 * A prefix covers no path that could be read in two ways, such as `/internal/../public`.
 */
export interface TrustRule extends Partial<Trust> {
  readonly path?: string;
  /** The port that the server listens on. */
  readonly port?: number;
}

/** One trust for all, or rules of which the first that fits counts; what no rule says is continued and kept. */
export type TrustOption = TraceTrust | Partial<Trust> | readonly TrustRule[];

/** Where a message came in. */
export interface Entrance {
  /** A path without its query as it came, or a queue's name. */
  readonly path: string;
  readonly port: number | undefined;
  /** The path is a queue's name: nothing in it is read as a path. Default `false`. */
  readonly isQueue?: boolean;
}

/** Everything is trusted: OpenTelemetry's behaviour, for services behind a mesh of their own. */
export const FULL_TRUST: Trust = { trace: 'continue', baggage: 'keep' };

/** Makes the decision of an option: cheap where it says the same of every request. */
export function trustDecider(option: TrustOption): (entrance: () => Entrance) => Trust {
  if (typeof option === 'string') return always({ ...FULL_TRUST, trace: option });
  if (!isRules(option)) return always({ ...FULL_TRUST, ...option });
  const rules = option.map((rule) => ({ fits: matcherOf(rule), trust: { ...FULL_TRUST, ...pick(rule) } }));
  const doubted: Trust = {
    trace: rules.some(({ trust }) => trust.trace === 'ignore') ? 'ignore' : 'link',
    baggage: 'drop',
  };
  return (entrance) => {
    const at = entrance();
    const isClear = at.isQueue === true || isUnambiguous(at.path);
    const rule = rules.find(({ fits }) => fits(at, isClear));
    return rule?.trust ?? (isClear ? FULL_TRUST : doubted);
  };
}

/**
 * Takes out of a context what is not trusted. A signature lifts what it covers, trace or baggage, to `continue` and
 * `keep`; all else is up to the trust.
 */
export function applyTrust(context: Context, trust: Trust): Context {
  if (trust === FULL_TRUST) return isProvenanceTracked() ? withOrigins(context, rootContext) : context;
  const vouched = vouchedOf(context);
  let trusted = context;
  if (trust.trace !== 'continue')
    trusted =
      vouched.trace === undefined ? withoutParent(context, trust.trace) : withLinks(context, trust.trace);
  if (vouched.refused === true && trusted !== context) trusted = withVouched(trusted, vouched);
  trusted = withBaggage(trusted, context, vouched.baggage === true ? 'keep' : trust.baggage);
  return isProvenanceTracked() ? withOrigins(trusted, rootContext) : trusted;
}

function withoutParent(context: Context, trust: 'link' | 'ignore'): Context {
  if (trust === 'ignore') return rootContext;
  const links: Link[] = [...(incomingOf(context)?.links ?? [])];
  const parent = trace.getSpanContext(context);
  if (parent !== undefined)
    links.unshift({ context: parent, attributes: { 'clew.link.trust': 'untrusted parent' } });
  return links.length === 0 ? rootContext : withIncoming(rootContext, { links });
}

/** A signed trace goes on; the unsigned traces beside it are linked or ignored. */
function withLinks(context: Context, trust: 'link' | 'ignore'): Context {
  const incoming = incomingOf(context);
  return trust === 'link' || incoming === undefined
    ? context
    : withIncoming(context, { ...incoming, links: [] });
}

function withBaggage(context: Context, from: Context, trust: BaggageTrust): Context {
  const baggage = propagation.getBaggage(from);
  if (baggage === undefined) return context;
  if (trust === 'keep') return propagation.setBaggage(context, baggage);
  if (trust === 'drop') return propagation.deleteBaggage(context);
  let kept = baggage;
  for (const [key] of baggage.getAllEntries()) if (!trust.includes(key)) kept = kept.removeEntry(key);
  const any = kept.getAllEntries().length > 0;
  return any ? propagation.setBaggage(context, kept) : propagation.deleteBaggage(context);
}

/** Whether a value is a trust option; and what is expected of one. */
export function isTrustOption(value: unknown): value is TrustOption {
  if (typeof value === 'string') return isTraceTrust(value);
  if (Array.isArray(value)) return value.every((rule) => isPartialTrust(rule, ['path', 'port']));
  return isPartialTrust(value, []);
}

export const TRUST_EXPECTED =
  '"continue" | "link" | "ignore", { trace, baggage }, or a list of { path, port, trace, baggage }';

function isPartialTrust(value: unknown, more: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { trace: traceTrust, baggage, path, port } = value as TrustRule;
  return (
    Object.keys(value).every((key) => key === 'trace' || key === 'baggage' || more.includes(key)) &&
    (traceTrust === undefined || isTraceTrust(traceTrust)) &&
    (baggage === undefined || baggage === 'keep' || baggage === 'drop' || Array.isArray(baggage)) &&
    (path === undefined || typeof path === 'string') &&
    (port === undefined || Number.isInteger(port))
  );
}

function isTraceTrust(value: string): value is TraceTrust {
  return value === 'continue' || value === 'link' || value === 'ignore';
}

function isRules(option: Exclude<TrustOption, string>): option is readonly TrustRule[] {
  return Array.isArray(option);
}

function always(trust: Trust): () => Trust {
  const same = trust.trace === 'continue' && trust.baggage === 'keep' ? FULL_TRUST : trust;
  return () => same;
}

/** A prefix fits only a path in which everybody sees it: a router may resolve `/internal/../public` to another one. */
function matcherOf({ path, port }: TrustRule): (entrance: Entrance, isClear: boolean) => boolean {
  const prefix = path?.endsWith('*') ? path.slice(0, -1) : undefined;
  return (entrance, isClear) =>
    (port === undefined || entrance.port === port) &&
    (path === undefined ||
      (prefix === undefined ? entrance.path === path : isClear && entrance.path.startsWith(prefix)));
}

function pick({ trace: traceTrust, baggage }: TrustRule): Partial<Trust> {
  return { ...(traceTrust && { trace: traceTrust }), ...(baggage && { baggage }) };
}

import { type Context, type Link, propagation, trace } from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import { incomingOf, withIncoming } from './incoming.ts';
import { isProvenanceTracked, verificationOf, withOrigins, withVerification } from './provenance.ts';
import { isUnambiguous, readingsOf } from './routed-path.ts';

/** How an incoming trace is used: continued, linked from a new trace, or ignored. */
export type TraceTrust = 'continue' | 'link' | 'ignore';

/** How incoming baggage is used: kept, dropped, or only the listed keys are kept. */
export type BaggageTrust = 'keep' | 'drop' | readonly string[];

/** The trust in one peer. */
export interface Trust {
  readonly trace: TraceTrust;
  readonly baggage: BaggageTrust;
}

/**
 * Trust for some paths: a prefix followed by `*`, or the exact path; for messages, the queue's name. A prefix never
 * matches an ambiguous path, such as `/internal/../public`.
 */
export interface TrustRule extends Partial<Trust> {
  readonly path?: string;
  /** The port that the server listens on. */
  readonly port?: number;
}

/** One trust for all, or rules of which the first match applies. The default is `continue` and `keep`. */
export type TrustOption = TraceTrust | Partial<Trust> | readonly TrustRule[];

/** Where a request or message was received. */
export interface Entrance {
  /** The raw path without its query, or a queue's name. */
  readonly path: string;
  readonly port: number | undefined;
  /** Whether `path` is a queue's name, which can't be ambiguous. Default `false`. */
  readonly isQueue?: boolean;
}

/** Full trust: OpenTelemetry's behaviour, for services that only trusted peers can reach. */
export const FULL_TRUST: Trust = { trace: 'continue', baggage: 'keep' };

/** Creates the decision of an option; without rules it never calls `entrance`. */
export function trustDecider(option: TrustOption): (entrance: () => Entrance) => Trust {
  if (typeof option === 'string') return always({ ...FULL_TRUST, trace: option });
  if (!isRules(option)) return always({ ...FULL_TRUST, ...option });
  const rules = option.map((rule) => new Rule(rule));
  return (entrance) => {
    const at = entrance();
    if (at.isQueue !== true && !isUnambiguous(at.path)) return trustOfAmbiguous(rules, at);
    return rules.find((rule) => rule.fits(at.path, at.port))?.trust ?? FULL_TRUST;
  };
}

/**
 * For an ambiguous path, rules with a prefix never grant trust, and every rule that matches one of its readings
 * restricts it: a router may resolve `/internal/../public`, or not.
 */
function trustOfAmbiguous(rules: readonly Rule[], { path, port }: Entrance): Trust {
  const readings = readingsOf(path);
  const found = rules.find((rule) => !rule.isPrefix && rule.fits(path, port));
  const covering = rules.filter(
    (rule) => rule.path !== undefined && readings.some((reading) => rule.fits(reading, port)),
  );
  return covering.reduce((least, { trust }) => stricter(least, trust), found?.trust ?? UNKNOWN_PATH);
}

const UNKNOWN_PATH: Trust = { trace: 'link', baggage: 'drop' };
const STRICTNESS: readonly TraceTrust[] = ['continue', 'link', 'ignore'];

function stricter(a: Trust, b: Trust): Trust {
  const rank = Math.max(STRICTNESS.indexOf(a.trace), STRICTNESS.indexOf(b.trace));
  return { trace: STRICTNESS[rank] ?? 'ignore', baggage: stricterBaggage(a.baggage, b.baggage) };
}

function stricterBaggage(a: BaggageTrust, b: BaggageTrust): BaggageTrust {
  if (a === 'drop' || b === 'keep') return a;
  if (b === 'drop' || a === 'keep') return b;
  return a.filter((key) => b.includes(key));
}

/**
 * Removes from a context what is not trusted. A trace or baggage that a valid signature covers is always continued or
 * kept.
 */
export function applyTrust(context: Context, trust: Trust): Context {
  if (trust === FULL_TRUST) return isProvenanceTracked() ? withOrigins(context, rootContext) : context;
  const verification = verificationOf(context);
  let trusted = context;
  if (trust.trace !== 'continue')
    trusted =
      verification.trace === undefined
        ? withoutParent(context, trust.trace)
        : withLinks(context, trust.trace);
  if (verification.refused === true && trusted !== context) trusted = withVerification(trusted, verification);
  trusted = withBaggage(trusted, context, verification.baggage === true ? 'keep' : trust.baggage);
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

/** A signed trace is continued; the unsigned traces in the same message are linked or ignored. */
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

/** Whether a value is a valid trust option. */
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

class Rule {
  readonly path: string | undefined;
  readonly trust: Trust;
  readonly isPrefix: boolean;
  readonly #port: number | undefined;
  readonly #prefix: string;

  constructor(rule: TrustRule) {
    this.path = rule.path;
    this.trust = { trace: rule.trace ?? 'continue', baggage: rule.baggage ?? 'keep' };
    this.isPrefix = rule.path?.endsWith('*') === true;
    this.#port = rule.port;
    this.#prefix = rule.path?.slice(0, -1) ?? '';
  }

  fits(path: string, port: number | undefined): boolean {
    if (this.#port !== undefined && this.#port !== port) return false;
    return this.isPrefix ? path.startsWith(this.#prefix) : this.path === undefined || this.path === path;
  }
}

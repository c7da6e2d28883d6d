import { expectFit, show } from '@clew/core/internal';
import type { Attributes } from '@opentelemetry/api';
import type { Provider } from '../decider.ts';
import type { Keep, Policy, PolicySet } from '../policy.ts';
import { type CheckedPolicies, readPolicies } from '../reading/read-policies.ts';
import { keepOption } from '../reading/read-policy.ts';

/** Options of a {@link PolicySampler}. */
export interface PolicySamplerOptions {
  /** Policies of the application itself. Default: none. */
  readonly policies?: readonly Policy[] | PolicySet | undefined;
  /** Where more policies, or rules of another kind, are loaded from. Default: none. */
  readonly providers?: readonly Provider[] | undefined;
  /** The first step: traces that an entitled user requested, by a signature or a debug flag. */
  readonly requested?: RequestedOptions | undefined;
  /** The third step: whether the remote parent decides if no policy does. Default `true`. */
  readonly followParent?: boolean | undefined;
  /** The fourth step: which of the remaining traces are kept. Default `{ always: true }`. */
  readonly default?: Keep | undefined;
  /** The attributes of the resource, such as `service.name`, for policies that name them. Default: none. */
  readonly resource?: Readonly<Attributes> | undefined;
}

/** Which requested traces are kept. */
export interface RequestedOptions {
  /** Default `true`. With `false`, a signature or a debug flag has no influence. */
  readonly enabled?: boolean | undefined;
  /** How many are kept each second in each process; the next step decides about others. In [0, 1000000], default 10. */
  readonly tracesPerSecond?: number | undefined;
}

/** The options with their defaults. */
export interface CheckedOptions {
  readonly policies: CheckedPolicies;
  readonly providers: readonly Provider[];
  readonly requestedPerSecond: number | undefined;
  readonly followParent: boolean;
  readonly default: Keep;
  readonly resource: Readonly<Attributes>;
}

const OWNER = '@clew/sampling';
const KEYS = ['policies', 'providers', 'requested', 'followParent', 'default', 'resource'];
const MAX_PER_SECOND = 1_000_000;

/** Checks the options; throws a TypeError that names the option, what was expected, and the value. */
export function checkOptions(options: PolicySamplerOptions): CheckedOptions {
  expectObject(options, 'options', KEYS);
  const { policies = [], providers = [], requested = {}, followParent = true, resource = {} } = options;
  expectFit(OWNER, typeof followParent === 'boolean', 'followParent true or false', followParent);
  expectObject(requested, 'requested', ['enabled', 'tracesPerSecond']);
  const { enabled = true, tracesPerSecond = 10 } = requested;
  expectFit(OWNER, typeof enabled === 'boolean', 'requested.enabled true or false', enabled);
  const inBounds =
    typeof tracesPerSecond === 'number' && tracesPerSecond >= 0 && tracesPerSecond <= MAX_PER_SECOND;
  expectFit(OWNER, inBounds, `requested.tracesPerSecond in [0, ${MAX_PER_SECOND}]`, tracesPerSecond);
  expectFit(OWNER, Array.isArray(providers), 'providers to be a list', providers);
  for (const [index, provider] of providers.entries()) {
    expectFit(
      OWNER,
      isProvider(provider),
      `providers[${index}] to have a name, start(), stats() and stop()`,
      provider,
    );
  }
  expectFit(OWNER, isObject(resource), 'resource to be an object of attributes', resource);
  return {
    policies: readPolicies(policies),
    providers,
    requestedPerSecond: enabled ? tracesPerSecond : undefined,
    followParent,
    default: keepOption(options.default ?? { always: true }, 'default'),
    resource,
  };
}

function expectObject(value: unknown, name: string, keys: readonly string[]): void {
  expectFit(OWNER, isObject(value), `${name} to be an object`, value);
  const unknown = Object.keys(value as object).find((key) => !keys.includes(key));
  if (unknown === undefined) return;
  throw new TypeError(
    `${OWNER}: expected ${name} to have only the keys ${keys.join(', ')}, got ${show(unknown)}`,
  );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isProvider(value: unknown): value is Provider {
  if (!isObject(value)) return false;
  const { name, start, stats, stop } = value as Partial<Provider>;
  return typeof name === 'string' && [start, stats, stop].every((each) => typeof each === 'function');
}

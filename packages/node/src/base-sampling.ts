import { alwaysOff, alwaysOn, parentBased, type Sampler, traceIdRatioBased } from '@clew/tracer';
import type { Attributes } from '@opentelemetry/api';
import type { Environment } from './environment.ts';
import type { Keep, Provider, SamplingPackage } from './sampling-package.ts';

/** What samples where no policy decides: `OTEL_TRACES_SAMPLER`, or the sampler of a configuration file. */
export interface BaseSampling {
  /** Decides alone if there are no policies; `undefined` if this needs the package of policies. */
  readonly plain?: Sampler;
  /** Whether the remote parent's decision is followed. */
  readonly followParent: boolean;
  /** Which of the remaining traces are kept; default all. */
  readonly default?: Keep;
  /** What a sampler with policies does differently from the configuration; `undefined` if nothing. */
  readonly inexact?: string;
  /** Rules that take the place of the default. */
  readonly rules?: Rules;
}

/** Creates a provider. Throws for an invalid setting. */
export type Rules = (sampling: SamplingPackage, resource: Attributes) => Provider;

const ARG = 'OTEL_TRACES_SAMPLER_ARG';
const PREFIX = 'parentbased_';
const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
  'jaeger_remote',
  'parentbased_jaeger_remote',
  'xray',
] as const;
/** The share of the traces that Jaeger's own clients sample until they have loaded their strategies. */
export const INITIAL_JAEGER_RATE = 0.001;

/** Returns what `OTEL_TRACES_SAMPLER` names; `undefined` if it is not set. */
export function baseSamplingFrom(environment: Environment): BaseSampling | undefined {
  const name = environment.oneOf(SAMPLERS, 'OTEL_TRACES_SAMPLER');
  if (name === undefined) return undefined;
  if (name === 'xray') return { followParent: true, rules: xrayRules(environment) };
  const root = name.replace(PREFIX, '');
  // Jaeger's strategies are for the start of a trace, so a remote parent's decision is followed in any case.
  if (root === 'jaeger_remote') return { followParent: true, rules: jaegerRules(environment) };
  const followParent = name.startsWith(PREFIX);
  const kept = root === 'always_on' ? 1 : root === 'always_off' ? 0 : (environment.number(ARG, 0, 1) ?? 1);
  const sampler = root === 'traceidratio' ? traceIdRatioBased(kept) : kept === 1 ? alwaysOn() : alwaysOff();
  return {
    plain: followParent ? parentBased({ root: sampler }) : sampler,
    followParent,
    default: keepOf(kept),
  };
}

/** The share of the traces as the last step of a policy sampler. */
export function keepOf(ratio: number): Keep {
  if (ratio === 1) return { always: true };
  return ratio === 0 ? { never: true } : { ratio };
}

/** `endpoint=http://localhost:5778,pollingIntervalMs=60000,initialSamplingRate=0.1`. */
function jaegerRules(environment: Environment): Rules {
  const given = environment.pairs(ARG) ?? {};
  const intervalMs = numberIn(environment, given, 'pollingIntervalMs', 10, 86_400_000);
  const rate = numberIn(environment, given, 'initialSamplingRate', 0, 1);
  return ({ JaegerProvider }, resource) =>
    new JaegerProvider({
      serviceName: String(resource['service.name']),
      initialRate: rate ?? INITIAL_JAEGER_RATE,
      url: given.endpoint,
      intervalMs,
    });
}

/** `endpoint=http://localhost:2000,polling_interval=300`, in seconds. */
function xrayRules(environment: Environment): Rules {
  const given = environment.pairs(ARG) ?? {};
  const intervalS = numberIn(environment, given, 'polling_interval', 1, 86_400);
  return ({ XRayProvider }, resource) =>
    new XRayProvider({
      resource,
      url: given.endpoint,
      intervalMs: intervalS && intervalS * 1000,
    });
}

function numberIn(
  environment: Environment,
  given: Readonly<Record<string, string>>,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const text = given[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text !== '' && number >= min && number <= max) return number;
  environment.warn(`${name} in ${ARG}`, `a number in [${min}, ${max}]`, text);
  return undefined;
}

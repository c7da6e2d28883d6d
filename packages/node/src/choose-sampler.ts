import type { Sampler } from '@clew/tracer';
import { type Attributes, diag } from '@opentelemetry/api';
import { type BaseSampling, baseSamplingFrom } from './base-sampling.ts';
import { definedOnly } from './defined-only.ts';
import type { Environment } from './environment.ts';
import type { InitOptions } from './init-options.ts';
import {
  loadSamplingPackage,
  type Provider,
  type SamplerStats,
  type SamplingPackage,
} from './sampling-package.ts';

/** The sampler of the tracer provider, and the statistics and shutdown of its policies. */
export interface ChosenSampler {
  /** `undefined`: the tracer's default. */
  readonly sampler: Sampler | undefined;
  /** `undefined` without policies. */
  stats(): SamplerStats | undefined;
  /** Stops loading policies. */
  stop(): void;
}

/** A source of policies: an option, or the environment variable that it was read from. */
interface Source {
  readonly place: string;
  /** Throws for an invalid setting. */
  readonly create: (sampling: SamplingPackage) => Provider;
  readonly isOption: boolean;
}

const SOURCES: readonly (readonly [
  option: 'file' | 'url' | 'opampUrl',
  variable: string,
  create: (sampling: SamplingPackage, setting: string, resource: Attributes) => Provider,
])[] = [
  ['file', 'CLEW_SAMPLING_FILE', ({ FileProvider }, path) => new FileProvider({ path })],
  ['url', 'CLEW_SAMPLING_URL', ({ HttpProvider }, url) => new HttpProvider({ url })],
  [
    'opampUrl',
    'CLEW_SAMPLING_OPAMP_URL',
    ({ OpampProvider }, url, resource) => new OpampProvider({ url, resource }),
  ],
];

/**
 * Returns the sampler from the options, or one with policies if these or the environment configure any, or the one that
 * `declared` or the environment name. Throws for invalid options.
 *
 * @param declared the sampler of a configuration file, which replaces `OTEL_TRACES_SAMPLER`
 */
export function chooseSampler(
  environment: Environment,
  options: InitOptions,
  resource: Attributes,
  declared: BaseSampling | undefined,
): ChosenSampler {
  if (options.sampler !== undefined) return withoutPolicies(options.sampler);
  const base = declared ?? baseSamplingFrom(environment);
  const sources = sourcesOf(environment, options, resource);
  const hasPolicies = options.sampling !== undefined || sources.length > 0;
  if (!hasPolicies && (base === undefined || base.plain !== undefined)) return withoutPolicies(base?.plain);
  if (base?.inexact !== undefined) diag.warn(`@clew/node: not supported with policies: ${base.inexact}`);
  const sampling = loadSamplingPackage();
  const { file: _, url: __, opampUrl: ___, providers = [], ...given } = options.sampling ?? {};
  const all = [...providers, ...sources.flatMap((source) => created(source, sampling))];
  if (base?.rules !== undefined) {
    const create = () => base.rules!(sampling, resource);
    const place = declared === undefined ? 'OTEL_TRACES_SAMPLER' : 'the sampler of OTEL_CONFIG_FILE';
    all.push(...created({ place, create, isOption: false }, sampling));
  }
  const sampler = new sampling.PolicySampler({
    ...definedOnly({ followParent: base?.followParent, default: base?.default }),
    ...definedOnly(given),
    providers: all,
    resource,
  });
  return { sampler, stats: () => sampler.stats(), stop: () => sampler.shutdown() };
}

function withoutPolicies(sampler: Sampler | undefined): ChosenSampler {
  return { sampler, stats: () => undefined, stop: () => {} };
}

function sourcesOf(environment: Environment, { sampling }: InitOptions, resource: Attributes): Source[] {
  return SOURCES.flatMap(([option, variable, create]) => {
    const given = sampling?.[option];
    const setting = given ?? environment.text(variable);
    if (setting === undefined) return [];
    const isOption = given !== undefined;
    const place = isOption ? `sampling.${option}` : variable;
    return [{ place, create: (module: SamplingPackage) => create(module, setting, resource), isOption }];
  });
}

/** An invalid option throws; an invalid variable is logged and left out. */
function created({ place, create, isOption }: Source, sampling: SamplingPackage): Provider[] {
  try {
    return [create(sampling)];
  } catch (fault) {
    if (isOption) throw fault;
    diag.warn(`@clew/node: ${place} is left out: ${(fault as Error).message}`);
    return [];
  }
}

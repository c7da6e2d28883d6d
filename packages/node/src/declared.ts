import { diag } from '@opentelemetry/api';
import type { BaseSampling } from './base-sampling.ts';
import { readConfigFile } from './config-file.ts';
import { declaredOptions } from './declared-options.ts';
import { Environment } from './environment.ts';
import type { InitOptions } from './init-options.ts';

/** What `init()` starts with. */
export interface Configuration {
  readonly options: InitOptions;
  readonly environment: Environment;
  /** The sampler of a configuration file. */
  readonly sampling: BaseSampling | undefined;
}

/**
 * Returns the options and the environment. A file that `OTEL_CONFIG_FILE` names replaces the variables of OpenTelemetry,
 * and the options override both. `undefined` if tracing is disabled, or if the file cannot be used, which is logged: the
 * defaults would send spans to a place that the user has not configured.
 */
export function configurationFrom(
  options: InitOptions,
  variables: Readonly<Record<string, string | undefined>>,
): Configuration | undefined {
  const environment = new Environment(variables);
  const path = environment.text('OTEL_CONFIG_FILE');
  if (path === undefined) {
    const isDisabled = environment.flag('OTEL_SDK_DISABLED') === true;
    return isDisabled ? undefined : { options, environment, sampling: undefined };
  }
  try {
    const declared = declaredOptions(readConfigFile(path, variables));
    if (declared.unsupported.length > 0)
      diag.warn(`@clew/node: not supported in ${path}, and ignored: ${declared.unsupported.join(', ')}`);
    if (declared.isDisabled) return undefined;
    return {
      options: merged(declared.options, options),
      environment: environment.withoutReplaced(),
      sampling: declared.sampling,
    };
  } catch (fault) {
    diag.error(`@clew/node: nothing is traced, because ${path} cannot be used: ${(fault as Error).message}`);
    return undefined;
  }
}

function merged(declared: InitOptions, given: InitOptions): InitOptions {
  const exporter =
    declared.exporter && given.exporter
      ? { ...declared.exporter, ...given.exporter }
      : (given.exporter ?? declared.exporter);
  return {
    ...declared,
    ...given,
    ...(exporter !== undefined && { exporter }),
    resource: { ...declared.resource, ...given.resource },
    limits: { ...declared.limits, ...given.limits },
    propagation: { ...declared.propagation, ...given.propagation },
  };
}

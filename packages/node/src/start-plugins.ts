import { guard } from '@clew/core/internal';
import { diag } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { aliasesOf, withAliases } from './aliases.ts';
import type { Application } from './application.ts';
import { patchBuiltinsOfBundle, warnAboutUnwiredBundle } from './bundle.ts';
import { type Moment, startPlugin } from './deferred-instrumentation.ts';
import { modulesOf } from './discovery.ts';
import type { Environment } from './environment.ts';
import type { InitOptions } from './init-options.ts';
import { hookModules, modulesHookedBy } from './module-hooks.ts';
import {
  createInstrumentations,
  type OpenTelemetryPackage,
  requestedPackages,
} from './opentelemetry-instrumentations.ts';
import { type InstalledPlugin, shortNameOf } from './plugin-manifest.ts';
import { instrumentationFilter, optionsOf, wantedPlugins } from './plugin-options.ts';
import { warnAboutEarlyModules } from './self-check.ts';
import { reportPlugins } from './self-report.ts';

/**
 * Starts the installed plugins, the given instrumentations, and those of OpenTelemetry that the environment requests.
 * One that cannot start is skipped, with one log line.
 */
export function startPlugins(
  application: Application,
  installed: readonly InstalledPlugin[],
  options: InitOptions,
  environment: Environment,
  moment: Moment,
): Instrumentation[] {
  const given = options.plugins ?? {};
  const own = options.instrumentations ?? [];
  const replaced = new Set(own.map(({ instrumentationName }) => shortNameOf(instrumentationName)));
  const requested = requestedPackages(application, environment);
  const aliases = aliasesOf(application);
  const wanted = wantedPlugins(installed, given, environment, namesOf(requested))
    .filter(({ shortName }) => !replaced.has(shortName))
    .map((plugin) => withAliases(plugin, aliases));
  const isWanted = instrumentationFilter(environment);
  const others = createInstrumentations(
    requested.filter(({ name, shortName }) => !replaced.has(shortName) && isWanted(name, shortName)),
    wanted,
  );
  guard('the check for modules that were loaded early', () => warnAboutEarlyModules(wanted));
  const instances = [...own, ...others];
  hookModules([
    ...wanted.flatMap(({ targets }) => modulesOf(targets)),
    ...instances.flatMap(modulesHookedBy),
  ]);
  const found = wanted.flatMap((plugin) => {
    const optionsFor = (each: InstalledPlugin, kinds: Parameters<typeof optionsOf>[1]) =>
      optionsOf(each, kinds, given, environment);
    return attempt(plugin.name, () => startPlugin(plugin, optionsFor, moment)) ?? [];
  });
  for (const each of instances) attempt(each.instrumentationName, () => each.enable());
  for (const each of own) guard('patching built-in modules', () => patchBuiltinsOfBundle(each));
  if (options.discover !== false) warnAboutUnwiredBundle(own.length > 0);
  const started = [...instances, ...found];
  logPlugins(
    started.map(({ instrumentationName }) => instrumentationName),
    installed.filter(({ name }) => !wanted.some((plugin) => plugin.name === name)),
  );
  reportPlugins(
    installed,
    wanted,
    instances.map(({ instrumentationName }) => instrumentationName),
  );
  return started;
}

function logPlugins(started: readonly string[], unused: readonly InstalledPlugin[]): void {
  const off = unused.length > 0 ? `; not used: ${unused.map(({ name }) => name).join(', ')}` : '';
  diag.info(`@clew/node: plugins: ${started.join(', ') || 'none'}${off}`);
}

/** What the variables may call them. */
function namesOf(packages: readonly OpenTelemetryPackage[]): string[] {
  return packages.flatMap(({ name, shortName }) => [name, shortName]);
}

/** A plugin that the host does not allow must stop neither the others nor the application. */
function attempt<T>(what: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (fault) {
    diag.error(`@clew/node: ${what} could not start; its library is not traced`, fault);
    return undefined;
  }
}

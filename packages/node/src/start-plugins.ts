import { guard } from '@clew/core/plugin';
import { diag } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { readAliases, withAliases } from './aliases.ts';
import { type Moment, startPlugin } from './deferred-instrumentation.ts';
import { type InstalledPlugin, modulesOf, shortNameOf } from './discovery.ts';
import type { Environment } from './environment.ts';
import type { InitOptions } from './init-options.ts';
import { hookModules, modulesHookedBy } from './module-hooks.ts';
import { optionsOf, wantedPlugins } from './plugin-options.ts';
import { warnOfEarlyModules } from './self-check.ts';

/** Starts the installed plugins and the given instrumentations. One that cannot start is left out with one line. */
export function startPlugins(
  installed: readonly InstalledPlugin[],
  options: InitOptions,
  environment: Environment,
  moment: Moment,
): Instrumentation[] {
  const given = options.plugins ?? {};
  const own = options.instrumentations ?? [];
  const replaced = new Set(own.map(({ instrumentationName }) => shortNameOf(instrumentationName)));
  const aliases = readAliases();
  const wanted = wantedPlugins(installed, given, environment)
    .filter(({ shortName }) => !replaced.has(shortName))
    .map((plugin) => withAliases(plugin, aliases));
  guard('the check for modules that were loaded early', () => warnOfEarlyModules(wanted));
  hookModules([...wanted.flatMap(({ targets }) => modulesOf(targets)), ...own.flatMap(modulesHookedBy)]);
  const found = wanted.flatMap((plugin) => {
    const optionsFor = (each: InstalledPlugin, kinds: Parameters<typeof optionsOf>[1]) =>
      optionsOf(each, kinds, given, environment);
    return attempt(plugin.name, () => startPlugin(plugin, optionsFor, moment)) ?? [];
  });
  for (const each of own) attempt(each.instrumentationName, () => each.enable());
  return [...own, ...found];
}

/** What the host forbids to one plugin must not stop the others, nor the application. */
function attempt<T>(what: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (fault) {
    diag.error(`@clew/node: ${what} could not start; what it traces goes untraced`, fault);
    return undefined;
  }
}

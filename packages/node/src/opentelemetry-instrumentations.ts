import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { show } from '@clew/core/internal';
import { diag } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { type Application, dependenciesOf, packageFolders } from './application.ts';
import type { Environment } from './environment.ts';
import { modulesHookedBy } from './module-hooks.ts';
import { type InstalledPlugin, shortNameOf } from './plugin-manifest.ts';

const VARIABLE = 'CLEW_OPENTELEMETRY_INSTRUMENTATIONS';
const PREFIX = '@opentelemetry/instrumentation-';

/** An installed instrumentation package of OpenTelemetry, whose code has not been loaded. */
export interface OpenTelemetryPackage {
  readonly name: string;
  readonly shortName: string;
  readonly folder: string;
}

type InstrumentationConstructor = new () => Instrumentation;

/**
 * Returns the packages requested by `CLEW_OPENTELEMETRY_INSTRUMENTATIONS`: `true` for the
 * `@opentelemetry/instrumentation-*` packages among the application's direct dependencies, or a list of short names
 * and package names. Logs a warning for each one that is not installed.
 */
export function requestedPackages(
  application: Application,
  environment: Environment,
): OpenTelemetryPackage[] {
  const words = environment.list(VARIABLE) ?? [];
  const [first = 'false'] = words;
  if (words.length < 2 && first.toLowerCase() === 'false') return [];
  if (words.length === 1 && first.toLowerCase() === 'true') return dependencies(application);
  return words.flatMap((word) => {
    const name = word.includes('/') ? word : PREFIX + word;
    const found = installedPackage(name, application.startingPoints);
    if (found === undefined)
      diag.warn(
        `@clew/node: ${show(word)} in ${VARIABLE} is left out: it is not installed: npm install ${name}`,
      );
    return found ?? [];
  });
}

/**
 * Creates the instrumentations, enabled by their constructors, because not all of them can be enabled later. Skips
 * a library that an installed plugin of Clew traces, with one line at level `info`, and a package that cannot be
 * used, with one warning.
 */
export function createInstrumentations(
  packages: readonly OpenTelemetryPackage[],
  plugins: readonly InstalledPlugin[],
): Instrumentation[] {
  return packages.flatMap((each) => {
    const namesake = plugins.find(({ shortName }) => shortName === each.shortName);
    if (namesake !== undefined) return leftToPlugin(each, namesake);
    try {
      const instrumentation = createInstrumentation(each);
      const plugin = pluginForSameModule(instrumentation, plugins);
      if (plugin === undefined) return instrumentation;
      instrumentation.disable();
      return leftToPlugin(each, plugin);
    } catch (fault) {
      const reason = fault instanceof Error ? fault.message : String(fault);
      diag.warn(`@clew/node: ${each.name} is left out: it could not be loaded: ${reason}`);
      return [];
    }
  });
}

function dependencies(application: Application): OpenTelemetryPackage[] {
  return [...dependenciesOf(application)].flatMap(([name, folder]) =>
    name.startsWith(PREFIX) ? (installedPackage(name, [folder]) ?? []) : [],
  );
}

function installedPackage(name: string, starts: Iterable<string>): OpenTelemetryPackage | undefined {
  for (const start of starts) {
    for (const folder of packageFolders(name, start))
      if (existsSync(join(folder, 'package.json'))) return { name, shortName: shortNameOf(name), folder };
  }
  return undefined;
}

function createInstrumentation({ name, folder }: OpenTelemetryPackage): Instrumentation {
  const exported: unknown = createRequire(join(folder, 'package.json'))(name);
  const Instrumentation = Object.values(exported ?? {}).find(isInstrumentationClass);
  if (Instrumentation === undefined) throw new TypeError('it exports no class of an instrumentation');
  return new Instrumentation();
}

function isInstrumentationClass(value: unknown): value is InstrumentationConstructor {
  if (typeof value !== 'function' || !value.name.endsWith('Instrumentation')) return false;
  const { enable, disable, setTracerProvider } = value.prototype ?? {};
  return [enable, disable, setTracerProvider].every((each) => typeof each === 'function');
}

function pluginForSameModule(
  instrumentation: Instrumentation,
  plugins: readonly InstalledPlugin[],
): InstalledPlugin | undefined {
  const modules = new Set(modulesHookedBy(instrumentation).map(withoutScheme));
  return plugins.find(({ targets }) =>
    targets.some((target) => 'module' in target && modules.has(withoutScheme(target.module))),
  );
}

function withoutScheme(module: string): string {
  return module.replace(/^node:/, '');
}

function leftToPlugin({ name }: OpenTelemetryPackage, plugin: InstalledPlugin): [] {
  diag.info(`@clew/node: ${name} is left out: ${plugin.name} traces the same library`);
  return [];
}

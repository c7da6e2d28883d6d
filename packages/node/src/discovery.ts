import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { handlerPlace, show } from '@clew/core/internal';
import { diag } from '@opentelemetry/api';
import { type Application, dependenciesOf, foldersAbove, packageFolders } from './application.ts';
import { bundledPlugins } from './bundle.ts';
import {
  EXPECTED_FIELD,
  type InstalledPlugin,
  type PackageReading,
  readPlugin,
  type StatedTarget,
} from './plugin-manifest.ts';

const SCOPE = '@clew';
const PREFIX = 'instrumentation-';
const OPENTELEMETRY = '@opentelemetry/instrumentation-';

/**
 * Finds the installed plugins, in this order: those in the application's bundle, those listed in `named`, the `@clew/instrumentation-*` packages in
 * the `node_modules` folders above the application and this package, the application itself, and its direct
 * dependencies. A plugin is a package of any publisher with the field `clew` in its package.json. The first one
 * with a name is used.
 */
export function findPlugins(application: Application, named: readonly string[] = []): InstalledPlugin[] {
  const seen = new Set<string>();
  const found = new Map<string, InstalledPlugin>();
  const consider = (name: string, read: () => PackageReading) => {
    if (seen.has(name)) return;
    const reading = read();
    if (reading !== 'not installed') seen.add(name);
    if (typeof reading === 'object' && !found.has(reading.name)) found.set(reading.name, reading);
  };
  for (const plugin of bundledPlugins()) consider(plugin.name, () => plugin);
  for (const name of named) consider(name, () => namedPlugin(name, application));
  for (const start of application.startingPoints) {
    for (const above of foldersAbove(start)) {
      for (const [name, folder] of clewPackagesIn(join(above, 'node_modules', SCOPE)))
        consider(name, () => readPlugin(folder, name, true));
    }
  }
  for (const { folder, content } of application.manifests) {
    const name = String(content.name);
    if (content.clew !== undefined) consider(name, () => readPlugin(folder, name));
  }
  for (const [name, folder] of dependenciesOf(application)) consider(name, () => packageAbove(name, folder));
  return [...found.values()];
}

/**
 * Returns the specifiers that load one of the targets when imported, and the URL of the application's function; a file's
 * extension may be omitted.
 */
export function modulesOf(targets: readonly StatedTarget[]): string[] {
  return targets.flatMap((target) => {
    if ('handler' in target) {
      const place = handlerPlace(target.handler);
      return place === undefined ? [] : [pathToFileURL(place.file).href];
    }
    if (!('module' in target)) return [];
    const { module, file } = target;
    return file === undefined
      ? [module]
      : [module, `${module}/${file}`, `${module}/${file.replace(/\.\w+$/, '')}`];
  });
}

/** Reads the first package with that name above a folder. */
function packageAbove(name: string, start: string): PackageReading {
  for (const folder of packageFolders(name, start)) {
    const reading = readPlugin(folder, name);
    if (reading !== 'not installed') return reading;
  }
  return 'not installed';
}

/**
 * Reads a plugin of `CLEW_INSTRUMENTATIONS`, which need not be a direct dependency. Logs a warning if it cannot be
 * used.
 */
function namedPlugin(name: string, application: Application): PackageReading {
  for (const start of application.startingPoints) {
    const reading = packageAbove(name, start);
    if (reading === 'not installed') continue;
    if (reading === 'no plugin') warnOfNamed(name, adviceFor(name));
    return reading;
  }
  warnOfNamed(name, `it is not installed: npm install ${name}`);
  return 'not installed';
}

function adviceFor(name: string): string {
  if (name.startsWith(OPENTELEMETRY))
    return 'it is an instrumentation of OpenTelemetry: name it in CLEW_OPENTELEMETRY_INSTRUMENTATIONS';
  return `expected ${EXPECTED_FIELD} in its package.json; a package without it is not a plugin of Clew`;
}

function warnOfNamed(name: string, reason: string): void {
  diag.warn(`@clew/node: ${show(name)} in CLEW_INSTRUMENTATIONS is left out: ${reason}`);
}

/** The packages of Clew's own scope whose names say that they are plugins. */
function clewPackagesIn(scopeFolder: string): [name: string, folder: string][] {
  let entries: string[];
  try {
    entries = readdirSync(scopeFolder);
  } catch {
    return [];
  }
  const plugins = entries.filter((entry) => entry.startsWith(PREFIX)).sort();
  return plugins.map((entry) => [`${SCOPE}/${entry}`, join(scopeFolder, entry)]);
}

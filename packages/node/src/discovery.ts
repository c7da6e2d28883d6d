import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { diag } from '@opentelemetry/api';

/** A module or a channel that a plugin traces, as its package.json says. */
export type StatedTarget =
  | {
      readonly module: string;
      readonly versions?: readonly string[];
      readonly file?: string;
      /** The package's own name, where `module` is the name under which the application has installed it. */
      readonly aliasOf?: string;
    }
  | { readonly channel: string; readonly tracing?: boolean };

/** A plugin that is installed. Its code has not been loaded. */
export interface InstalledPlugin {
  /** `@clew/instrumentation-express`. */
  readonly name: string;
  /** `express`: what it is called in options and variables. */
  readonly shortName: string;
  readonly folder: string;
  /** The name of the exported class. */
  readonly className: string;
  readonly targets: readonly StatedTarget[];
}

const SCOPE = '@clew';
const PREFIX = 'instrumentation-';

/**
 * Finds the installed `@clew/instrumentation-*` packages: in the `node_modules` folders above the program's
 * main file, the working directory and this package. The first one found of a name counts.
 */
export function findPlugins(mainFile: string | undefined = process.argv[1]): InstalledPlugin[] {
  const found = new Map<string, InstalledPlugin>();
  for (const start of startingPoints(mainFile)) {
    for (const folder of foldersAbove(start)) {
      for (const plugin of pluginsIn(join(folder, 'node_modules', SCOPE))) {
        if (!found.has(plugin.name)) found.set(plugin.name, plugin);
      }
    }
  }
  return [...found.values()];
}

/** `express`, of `@clew/instrumentation-express` and of OpenTelemetry's alike. */
export function shortNameOf(instrumentationName: string): string {
  return instrumentationName.slice(instrumentationName.lastIndexOf('/') + 1).replace(PREFIX, '');
}

/** What an application imports to load one of the targets; a file's extension may be left out. */
export function modulesOf(targets: readonly StatedTarget[]): string[] {
  return targets.flatMap((target) => {
    if (!('module' in target)) return [];
    const { module, file } = target;
    return file === undefined
      ? [module]
      : [module, `${module}/${file}`, `${module}/${file.replace(/\.\w+$/, '')}`];
  });
}

/** The folders from which packages are looked up: of the main file, also behind a link, the working directory, and this package. */
export function startingPoints(mainFile: string | undefined = process.argv[1]): Set<string> {
  const points = new Set<string>();
  const folder = workingFolder();
  if (mainFile !== undefined) {
    const path = resolve(folder ?? '/', mainFile);
    points.add(dirname(path));
    points.add(dirname(realPath(path)));
  }
  if (folder !== undefined) points.add(folder);
  // A bundle in CommonJS does not know where it is.
  if (import.meta.url) points.add(dirname(fileURLToPath(import.meta.url)));
  return points;
}

/** None when it was removed. */
function workingFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** A folder and all above it, nearest first. */
export function* foldersAbove(start: string): Generator<string> {
  for (let folder = start; ; folder = dirname(folder)) {
    yield folder;
    if (dirname(folder) === folder) return;
  }
}

function pluginsIn(scopeFolder: string): InstalledPlugin[] {
  let entries: string[];
  try {
    entries = readdirSync(scopeFolder);
  } catch {
    return [];
  }
  const names = entries.filter((entry) => entry.startsWith(PREFIX)).sort();
  return names
    .map((entry) => readPlugin(join(scopeFolder, entry), entry))
    .filter((plugin) => plugin !== undefined);
}

interface Statement {
  readonly class: string;
  readonly targets: readonly StatedTarget[];
}

interface Manifest {
  readonly name: string;
  readonly clew?: unknown;
}

function readPlugin(folder: string, entry: string): InstalledPlugin | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    if (manifest.clew === undefined) throw new TypeError('its package.json has no field "clew"');
    if (!isStatement(manifest.clew)) throw new TypeError('its field "clew" is not { class, targets }');
    const { class: className, targets } = manifest.clew;
    return { name: manifest.name, shortName: entry.slice(PREFIX.length), folder, className, targets };
  } catch (fault) {
    // A link that leads nowhere is no installed plugin.
    if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    diag.warn(`@clew/node: ${SCOPE}/${entry} is left out`, fault);
    return undefined;
  }
}

function isStatement(value: unknown): value is Statement {
  const { class: className, targets } = (value ?? {}) as Partial<Statement>;
  return typeof className === 'string' && Array.isArray(targets) && targets.every(isTarget);
}

function isTarget(value: unknown): boolean {
  const { module, versions, channel } = (value ?? {}) as {
    module?: unknown;
    versions?: unknown;
    channel?: unknown;
  };
  const isVersioned = versions === undefined || Array.isArray(versions);
  return typeof channel === 'string' || (typeof module === 'string' && isVersioned);
}

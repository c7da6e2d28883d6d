import { sep } from 'node:path';
import type { PackageObservation, ReportedPlugin } from './observation.ts';
import { PLUGIN_OF_LIBRARY } from './plugin-catalogue.ts';
import { type Observed, ofKind } from './read-observations.ts';
import { satisfies } from './version-range.ts';

/** A library that the application has loaded, and that Clew can trace. */
export interface Library {
  readonly name: string;
  /** Empty for a module of Node.js. */
  readonly version: string;
  /** The package that traces it, installed or not. */
  readonly plugin: string;
  readonly state: 'traced' | 'not used yet' | 'too early' | 'unsupported' | 'no plugin' | 'disabled';
  /** What of it is traced by a patch, and the channels that have had messages. */
  readonly by: readonly string[];
  /** The versions that the installed plugin supports. */
  readonly versions: readonly string[];
}

const IN_NODE_MODULES = `${sep}node_modules${sep}`;
/** Modules of Node.js that many packages load without an effect on traces: only the application's own use counts. */
const INCIDENTAL: readonly string[] = ['child_process', 'cluster', 'sqlite', 'worker_threads'];
/** Packages whose own dependencies are not the application's. An application may be named `@clew/…` as well. */
const TRACING =
  /^(@clew\/(core|node|osprofiler|sampling|testing|tracer|viewer|instrumentation-.+)|@opentelemetry\/.+|(import|require)-in-the-middle)$/;

/** Returns the libraries that a process has loaded, in the order of the first load. */
export function librariesOf(observed: Observed): Library[] {
  const plugins = ofKind(observed, 'plugins').at(-1)?.plugins ?? [];
  const pluginOf = pluginFinder(plugins);
  const startedAt = observed.findIndex(({ kind }) => kind === 'started');
  const dependencies = new Set(
    ofKind(observed, 'package')
      .filter(({ folder }) => folder.includes(IN_NODE_MODULES))
      .map(({ name }) => name),
  );
  const found = new Map<string, Library>();
  observed.forEach((each, at) => {
    if ((each.kind !== 'package' && each.kind !== 'builtin') || TRACING.test(each.from)) return;
    const isBuiltin = each.kind === 'builtin';
    if (isBuiltin && INCIDENTAL.includes(each.name) && dependencies.has(each.from)) return;
    const plugin = pluginOf(each.name);
    const library = { name: each.name, version: isBuiltin ? '' : each.version };
    const key = `${library.name} ${library.version}`;
    if (plugin === undefined || found.has(key)) return;
    // Modules of Node.js are singletons, which are patched later as well. A package may be patched later, too, but not
    // what has already been taken from it.
    const isEarly = !isBuiltin && at < startedAt;
    found.set(key, { ...library, ...stateOf(library, plugin, plugins, isEarly, observed) });
  });
  return [...found.values()];
}

function stateOf(
  { name, version }: Pick<PackageObservation, 'name' | 'version'>,
  plugin: string,
  plugins: readonly ReportedPlugin[],
  isEarly: boolean,
  observed: Observed,
): Omit<Library, 'name' | 'version'> {
  const installed = plugins.find((each) => each.name === plugin);
  const versions = (installed?.targets ?? [])
    .filter(({ module, versions: stated }) => module === name && stated !== undefined)
    .flatMap((target) => target.versions ?? []);
  const base = { plugin, versions: [...new Set(versions)], by: tracedBy(plugin, name, observed) };
  if (installed === undefined) return { ...base, state: 'no plugin' };
  if (!installed.enabled) return { ...base, state: 'disabled' };
  if (versions.length > 0 && version !== '' && !versions.some((range) => satisfies(version, range)))
    return { ...base, by: [], state: 'unsupported' };
  if (isEarly && versions.length > 0) return { ...base, state: 'too early' };
  return { ...base, state: base.by.length > 0 ? 'traced' : 'not used yet' };
}

function tracedBy(plugin: string, library: string, observed: Observed): string[] {
  const traced = ofKind(observed, 'traced').filter((each) => each.plugin === plugin);
  const ways = traced.flatMap(({ by, target }) => {
    if (by === 'channel') return `channel ${target}`;
    return target.replace(/^node:/, '') === library ? 'patch' : [];
  });
  return [...new Set(ways)];
}

/** Installed plugins come first: they may be of another publisher. */
function pluginFinder(plugins: readonly ReportedPlugin[]): (library: string) => string | undefined {
  const named = new Map<string, string>();
  for (const { name, targets } of plugins) {
    for (const { module } of targets) {
      // A tool such as bluebird, or a logger, is not traced itself.
      const isTool =
        name.startsWith('@clew/') && !Object.hasOwn(PLUGIN_OF_LIBRARY, module?.replace('node:', '') ?? '');
      if (module !== undefined && !isTool) named.set(module.replace('node:', ''), name);
    }
  }
  return (library) => {
    const own = Object.hasOwn(PLUGIN_OF_LIBRARY, library) ? PLUGIN_OF_LIBRARY[library] : undefined;
    return named.get(library) ?? (own === undefined ? undefined : `@clew/instrumentation-${own}`);
  };
}

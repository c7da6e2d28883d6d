import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { foldersAbove, type InstalledPlugin, startingPoints } from './discovery.ts';

const FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;
const ALIAS = /^npm:(@[^/@]+\/[^/@]+|[^/@]+)(?:@|$)/;

/** The names under which an application has installed packages, by the packages' own names. */
export type Aliases = ReadonlyMap<string, readonly string[]>;

/**
 * Reads aliases (`"web": "npm:express@5"`) from the application's package.json: the nearest one above each folder from
 * which plugins are looked up. Module hooks see the name of the folder in `node_modules`, which is the alias.
 */
export function readAliases(mainFile: string | undefined = process.argv[1]): Aliases {
  const aliases = new Map<string, string[]>();
  for (const start of startingPoints(mainFile)) {
    for (const [alias, name] of aliasesIn(nearestManifest(foldersAbove(start)))) {
      const known = aliases.get(name) ?? [];
      if (!known.includes(alias)) aliases.set(name, [...known, alias]);
    }
  }
  return aliases;
}

/** Adds the aliases of a plugin's modules to its targets. */
export function withAliases(plugin: InstalledPlugin, aliases: Aliases): InstalledPlugin {
  const added = plugin.targets.flatMap((target) => {
    if (!('module' in target)) return [];
    const { module } = target;
    return (aliases.get(module) ?? []).map((alias) => ({ ...target, module: alias, aliasOf: module }));
  });
  return added.length === 0 ? plugin : { ...plugin, targets: [...plugin.targets, ...added] };
}

function nearestManifest(folders: Iterable<string>): Record<string, unknown> {
  for (const folder of folders) {
    try {
      return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
    } catch (fault) {
      if ((fault as NodeJS.ErrnoException).code !== 'ENOENT') return {};
    }
  }
  return {};
}

function* aliasesIn(manifest: Record<string, unknown>): Generator<[alias: string, name: string]> {
  for (const field of FIELDS) {
    for (const [alias, range] of Object.entries(manifest?.[field] ?? {})) {
      const name = typeof range === 'string' ? ALIAS.exec(range)?.[1] : undefined;
      if (name !== undefined && name !== alias) yield [alias, name];
    }
  }
}

import type { Application } from './application.ts';
import type { InstalledPlugin } from './plugin-manifest.ts';

const FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;
const ALIAS = /^npm:(@[^/@]+\/[^/@]+|[^/@]+)(?:@|$)/;

/** The names under which the application has installed packages, by the packages' own names. */
export type Aliases = ReadonlyMap<string, readonly string[]>;

/**
 * Finds aliases (`"web": "npm:express@5"`) in the application's package.json. Module hooks see the folder's name in
 * `node_modules`, which is the alias.
 */
export function aliasesOf({ manifests }: Application): Aliases {
  const aliases = new Map<string, string[]>();
  for (const { content } of manifests) {
    for (const [alias, name] of aliasesIn(content)) {
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

function* aliasesIn(manifest: Readonly<Record<string, unknown>>): Generator<[alias: string, name: string]> {
  for (const field of FIELDS) {
    for (const [alias, range] of Object.entries(manifest[field] ?? {})) {
      const name = typeof range === 'string' ? ALIAS.exec(range)?.[1] : undefined;
      if (name !== undefined && name !== alias) yield [alias, name];
    }
  }
}

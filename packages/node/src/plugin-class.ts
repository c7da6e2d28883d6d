import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { OptionKinds } from '@clew/core/internal';
import type { InstrumentationClass } from '@clew/core/plugin';
import { diag } from '@opentelemetry/api';
import type { InstalledPlugin } from './plugin-manifest.ts';

type Exported = Readonly<Record<string, InstrumentationClass<OptionKinds> | undefined>>;

/** Loads a plugin's class; logs an error if that fails. */
export function classOf(plugin: InstalledPlugin): InstrumentationClass<OptionKinds> | undefined {
  try {
    const exported = (plugin.load ?? loaderFrom(plugin))() as Exported;
    const Plugin = exported[plugin.className];
    if (Plugin === undefined) throw new TypeError(`it exports no ${plugin.className}`);
    return Plugin;
  } catch (fault) {
    reportUnusable(plugin, fault);
    return undefined;
  }
}

/** By name: a package may import itself by name, and the folder's path would bypass its `exports`. */
function loaderFrom({ folder, name }: InstalledPlugin): () => unknown {
  const require = createRequire(join(folder, 'package.json'));
  return () => require(name);
}

/** Logs that a plugin cannot be used, and why. */
export function reportUnusable(plugin: InstalledPlugin, fault: unknown): void {
  diag.error(`@clew/node: ${plugin.name} could not be loaded; its library is not traced`, fault);
}

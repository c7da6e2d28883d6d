import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { OptionKinds } from '@clew/core/internal';
import type { InstrumentationClass } from '@clew/core/plugin';
import { diag } from '@opentelemetry/api';
import type { InstalledPlugin } from './plugin-manifest.ts';

/** Loads a plugin's code; says so once where it can't be loaded. */
export function classOf(plugin: InstalledPlugin): InstrumentationClass<OptionKinds> | undefined {
  try {
    const require = createRequire(join(plugin.folder, 'package.json'));
    // A package may name itself: the folder's path would pass by its `exports`.
    const exported = require(plugin.name) as Record<string, InstrumentationClass<OptionKinds> | undefined>;
    const Plugin = exported[plugin.className];
    if (Plugin === undefined) throw new TypeError(`it exports no ${plugin.className}`);
    return Plugin;
  } catch (fault) {
    sayUnusable(plugin, fault);
    return undefined;
  }
}

/** Says that a plugin is not there, and why. */
export function sayUnusable(plugin: InstalledPlugin, fault: unknown): void {
  diag.error(`@clew/node: ${plugin.name} could not be loaded; what it traces goes untraced`, fault);
}

import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { OptionKinds } from '@clew/core/internal';
import type { InstrumentationClass } from '@clew/core/plugin';
import { diag } from '@opentelemetry/api';
import type { InstalledPlugin } from './plugin-manifest.ts';

/** Loads a plugin's class; logs an error if that fails. */
export function classOf(plugin: InstalledPlugin): InstrumentationClass<OptionKinds> | undefined {
  try {
    const require = createRequire(join(plugin.folder, 'package.json'));
    // By name: a package may import itself by name, and the folder's path would bypass its `exports`.
    const exported = require(plugin.name) as Record<string, InstrumentationClass<OptionKinds> | undefined>;
    const Plugin = exported[plugin.className];
    if (Plugin === undefined) throw new TypeError(`it exports no ${plugin.className}`);
    return Plugin;
  } catch (fault) {
    reportUnusable(plugin, fault);
    return undefined;
  }
}

/** Logs that a plugin cannot be used, and why. */
export function reportUnusable(plugin: InstalledPlugin, fault: unknown): void {
  diag.error(`@clew/node: ${plugin.name} could not be loaded; its library is not traced`, fault);
}

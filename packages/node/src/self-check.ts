import { createRequire } from 'node:module';
import { sep } from 'node:path';
import { diag } from '@opentelemetry/api';
import type { InstalledPlugin } from './discovery.ts';

/** Says which targets the program loaded before us: they are not patched. */
export function warnOfEarlyModules(plugins: readonly InstalledPlugin[]): void {
  const loaded = Object.keys(createRequire(process.execPath).cache);
  for (const { name, targets } of plugins) {
    for (const target of targets) {
      if (!('module' in target)) continue;
      const part = `${sep}node_modules${sep}${target.module.replaceAll('/', sep)}${sep}`;
      if (!loaded.some((file) => file.includes(part))) continue;
      diag.warn(
        `@clew/node: ${target.module} was loaded before init(), so ${name} can't trace it; ` +
          'call init() first, or start with --import @clew/node/register',
      );
    }
  }
}

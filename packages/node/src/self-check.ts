import { createRequire } from 'node:module';
import { sep } from 'node:path';
import { diag } from '@opentelemetry/api';
import type { InstalledPlugin } from './plugin-manifest.ts';

/** Logs which modules the application loaded before `init()`, which are therefore not patched. */
export function warnAboutEarlyModules(plugins: readonly InstalledPlugin[]): void {
  const loaded = loadedPackages();
  for (const { name, targets } of plugins) {
    for (const target of targets) {
      if (!('module' in target) || !loaded.has(target.module)) continue;
      diag.warn(
        `@clew/node: ${target.module} was loaded before init(), so ${name} can't trace it; ` +
          'call init() first, or start with --import @clew/node/register',
      );
    }
  }
}

/** The names of packages with a file already loaded as CommonJS. */
function loadedPackages(): Set<string> {
  const folder = `${sep}node_modules${sep}`;
  const names = new Set<string>();
  for (const file of Object.keys(createRequire(import.meta.url ?? process.execPath).cache)) {
    for (let at = file.indexOf(folder); at >= 0; at = file.indexOf(folder, at + 1)) {
      const [scope = '', name = ''] = file.slice(at + folder.length).split(sep, 2);
      names.add(scope.startsWith('@') ? `${scope}/${name}` : scope);
    }
  }
  return names;
}

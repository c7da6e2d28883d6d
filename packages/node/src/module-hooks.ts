import { diag } from '@opentelemetry/api';
import { register, supportsSyncHooks } from 'import-in-the-middle/register-hooks.mjs';
import type { StatedTarget } from './discovery.ts';

let registered = false;

/**
 * Hooks ES modules, synchronously and on the program's own thread; CommonJS is hooked by the instrumentations.
 * Only the targets' modules are touched.
 */
export function hookModules(targets: readonly StatedTarget[]): void {
  const include = [...new Set(targets.flatMap((target) => ('module' in target ? [target.module] : [])))];
  if (registered || include.length === 0) return;
  if (!supportsSyncHooks()) {
    diag.warn(
      `@clew/node: Node.js ${process.versions.node} can't hook ES modules; CommonJS is traced, ` +
        'ES modules from 22.22.3, 24.11.1 or 26 on',
    );
    return;
  }
  registered = true;
  register({ include });
}

import { syncBuiltinESMExports } from 'node:module';
import type { Tools } from '@clew/core/plugin';

/**
 * Patches functions of a built-in module and updates its named imports, also those of earlier imports; `disable()`
 * restores them. `patch` gets a function that returns false after `disable()`, for patched functions kept in variables.
 */
export function patchNamed(tools: Tools<unknown>, patch: (isEnabled: () => boolean) => void): void {
  let isEnabled = true;
  // Callbacks run in reverse order: this one runs last, when the functions are the originals again.
  tools.onDisable(syncBuiltinESMExports);
  tools.onDisable(() => {
    isEnabled = false;
  });
  patch(() => isEnabled);
  syncBuiltinESMExports();
}

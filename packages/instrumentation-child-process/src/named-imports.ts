import { syncBuiltinESMExports } from 'node:module';
import type { Tools } from '@clew/core/plugin';

/**
 * Patches functions that programs import by name: what was imported before follows, and comes back with `disable()`.
 * `patch` gets a question: whether it is still in force, for functions that a program keeps in variables.
 */
export function patchNamed(tools: Tools<unknown>, patch: (isInForce: () => boolean) => void): void {
  let isInForce = true;
  // What is said first is undone last, when the functions are the originals again.
  tools.onDisable(syncBuiltinESMExports);
  tools.onDisable(() => {
    isInForce = false;
  });
  patch(() => isInForce);
  syncBuiltinESMExports();
}

import {
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import { hookFile } from './file-hook.ts';

/** The module, or the file of a module, that a hook waits for. */
export interface HookedModule {
  readonly module: string;
  /** Default: all versions. */
  readonly versions?: readonly string[];
  readonly file?: string;
}

/**
 * Creates the definition of a module hook, which calls `patch` with the exports of each copy that is loaded while
 * `isEnabled` returns true.
 */
export function moduleHook(
  target: HookedModule,
  patch: (moduleExports: unknown) => void,
  isEnabled: () => boolean,
): InstrumentationNodeModuleDefinition {
  const { module, file } = target;
  const versions = [...(target.versions ?? ['*'])];
  const patchAndReturn = (moduleExports: unknown) => {
    patch(moduleExports);
    return moduleExports;
  };
  if (file === undefined) return new InstrumentationNodeModuleDefinition(module, versions, patchAndReturn);
  const onLoad = (moduleExports: unknown) => {
    if (isEnabled()) patch(moduleExports);
  };
  hookFile({ module, versions, file, onLoad });
  const hooked = new InstrumentationNodeModuleFile(pathOf(target), versions, patchAndReturn, () => {});
  return new InstrumentationNodeModuleDefinition(module, versions, undefined, undefined, [hooked]);
}

/** The path of a target as in `require()`. */
export function pathOf({ module, file }: HookedModule): string {
  return file === undefined ? module : `${module}/${file}`;
}

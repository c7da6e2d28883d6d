import { existsSync } from 'node:fs';
import { join, parse } from 'node:path';
import {
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import { watchFile } from './file-hook.ts';
import { type HandlerVariables, handlerPlace } from './handler-file.ts';

/**
 * Creates the definitions of a hook that calls `patch` with the exports of the file that has the application's function.
 * The file may be CommonJS or an ES module, and may be imported or required. Empty if the variables do not name a file.
 */
export function handlerHook(
  variables: HandlerVariables,
  patch: (moduleExports: unknown) => void,
  isEnabled: () => boolean,
): InstrumentationNodeModuleDefinition[] {
  const place = handlerPlace(variables);
  if (place === undefined) return [];
  const { file, path } = place;
  watchFile(file, (module) => {
    if (!isEnabled()) return;
    module.exports = changeable(module.exports, path[0] as string);
    patch(module.exports);
  });
  const patchAndReturn = (moduleExports: unknown) => {
    patch(moduleExports);
    return moduleExports;
  };
  // Import hooks report the file by the name that it has without its folder and extension.
  const imported = new InstrumentationNodeModuleFile(parse(file).name, ['*'], patchAndReturn, () => {});
  return [new InstrumentationNodeModuleDefinition(file, ['*'], undefined, undefined, [imported])];
}

/**
 * OpenTelemetry's base class logs a warning for a file in a folder without a package.json, as most functions are. Changes
 * this one instance.
 */
export function expectNoPackage(instrumentation: object): void {
  const name = '_extractPackageVersion';
  const extract: unknown = Reflect.get(instrumentation, name);
  if (typeof extract !== 'function') return;
  const value = (folder: string): unknown =>
    existsSync(join(folder, 'package.json')) ? Reflect.apply(extract, instrumentation, [folder]) : undefined;
  Object.defineProperty(instrumentation, name, { value, configurable: true });
}

/**
 * The exports, or a copy with the same getters if the function can't be replaced in them: esbuild and TypeScript define
 * exports as getters that can't be redefined, and an ES module that is loaded with `require` is read-only.
 */
function changeable(moduleExports: unknown, name: string): unknown {
  if (typeof moduleExports !== 'object' || moduleExports === null) return moduleExports;
  const own = Object.getOwnPropertyDescriptor(moduleExports, name);
  const isNamespace = Reflect.get(moduleExports, Symbol.toStringTag) === 'Module';
  if (own === undefined || own.configurable || (own.writable && !isNamespace)) return moduleExports;
  const descriptors = Object.getOwnPropertyDescriptors(moduleExports);
  const copied = Reflect.ownKeys(descriptors).map((key) => {
    const { enumerable } = descriptors[key as string] as PropertyDescriptor;
    const get = () => Reflect.get(moduleExports, key);
    return [key, { get, enumerable: enumerable === true, configurable: true }] as const;
  });
  return Object.create(Object.getPrototypeOf(moduleExports), Object.fromEntries(copied));
}

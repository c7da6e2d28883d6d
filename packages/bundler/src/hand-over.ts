import { basename } from 'node:path';
import { exportedNames } from './exported-names.ts';

/** A module as the code in the bundle names it. `BundledModule` of `@clew/core` has the same properties. */
export interface HandedModule {
  readonly module: string;
  readonly version: string;
  readonly file: string | undefined;
}

/** The state that is shared with Clew at run time: `Bundle` of `@clew/core`. */
export const BUNDLE = '(globalThis[Symbol.for("clew.bundle")]??={modules:[],listeners:new Set()})';

const SELF = '__clewExports';

/** Appends code to a module that passes its exports to Clew when the module has been evaluated. */
export async function withHandOver(
  code: string,
  path: string,
  modules: readonly HandedModule[],
): Promise<string> {
  const names = await exportedNames(code);
  if (names === undefined) return `${code}\n;${handOver(modules, 'module.exports')}`;
  // The module imports itself, so that what it re-exports is included. The default export may wrap a CommonJS module.
  const exported = names.includes('default') ? `${SELF}.default??${SELF}` : SELF;
  const self = JSON.stringify(`./${basename(path)}`);
  return `${code}\n;import * as ${SELF} from ${self};${handOver(modules, exported)}`;
}

function handOver(modules: readonly HandedModule[], exported: string): string {
  const entries = modules.map(({ module, version, file }) => {
    const named = JSON.stringify({ module, version, ...(file !== undefined && { file }) });
    return `${named.slice(0, -1)},exports:${exported}}`;
  });
  return `((b,a)=>{for(const m of a){b.modules.push(m);for(const l of b.listeners)l(m)}})(${BUNDLE},[${entries.join()}]);`;
}

import type { BundleOptions } from './bundle-options.ts';
import { exportedNames } from './exported-names.ts';
import { Wiring } from './wiring.ts';

/** The files that may be changed, so that Rolldown need not call a hook for all others. `@clew/node` may be linked. */
const LIBRARIES = [/[\\/]node_modules[\\/]/, /[\\/]dist[\\/](?:index|register)\.cjs$/];

/** What the hooks use of the context that all three bundlers pass them. */
interface HookContext {
  warn(text: string): void;
  getModuleIds(): Iterable<string>;
  getModuleInfo(id: string): { readonly isEntry: boolean } | null;
}

/**
 * The plugins that Rollup, Rolldown and Vite share. There are two, because what Clew adds to libraries must precede the
 * conversion of CommonJS, and what it adds to entries must follow all conversions.
 *
 * @param options called when the build starts
 */
export function rollupHooks(options: () => Required<BundleOptions>) {
  let wiring: Wiring;
  const libraries = {
    name: '@clew/bundler',
    buildStart() {
      wiring = new Wiring(options());
    },
    transform: {
      order: 'pre' as const,
      filter: { id: { include: LIBRARIES } },
      async handler(code: string, id: string) {
        const wired = await wiring.wire(id, code);
        // A module is left out if its package has no side effects and the module only re-exports what is used.
        return wired === undefined ? null : { code: wired, map: null, moduleSideEffects: true };
      },
    },
    buildEnd(this: HookContext, error?: Error) {
      if (error !== undefined) return;
      for (const warning of wiring.warnings(this.getModuleIds())) this.warn(warning);
    },
  };
  const entries = {
    name: '@clew/bundler: start',
    transform: {
      order: 'post' as const,
      filter: { id: { exclude: /[\\/]node_modules[\\/]/ } },
      async handler(this: HookContext, code: string, id: string) {
        const { startFile } = wiring;
        if (startFile === undefined || this.getModuleInfo(id)?.isEntry !== true) return null;
        const file = JSON.stringify(startFile);
        const start = (await exportedNames(code)) === undefined ? `require(${file});` : `import ${file};`;
        return { code: start + code, map: null };
      },
    },
  };
  return [libraries, entries];
}

import module, { createRequire, isBuiltin, type ResolveFnOutput, type ResolveHookContext } from 'node:module';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { diag } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';

type SyncHooks = Parameters<typeof module.registerHooks>[0];

/** A module by its name, or a file by its URL. */
type Included = string | RegExp;

/** Whether a module is included, by its URL and the specifier that imports it. */
type IsIncluded = (url: string, specifier: string) => boolean;

type NextResolve = Parameters<NonNullable<SyncHooks['resolve']>>[2];

/** The result of import-in-the-middle's `createHook()`. */
interface ImportHooks {
  applyOptions(options: { readonly shouldInclude: IsIncluded }): void;
  readonly resolveSync: NonNullable<SyncHooks['resolve']>;
  readonly loadSync: NonNullable<SyncHooks['load']>;
}

const PACKAGE = 'import-in-the-middle';

const LINK = /^(.+)-[0-9a-f]{16}$/;

let registered = false;

/**
 * Hooks the named ES modules, in the application's own thread where Node supports it. CommonJS is hooked by the
 * instrumentations. Logs one line if the host does not allow hooks.
 */
export function hookModules(modules: readonly string[]): void {
  const include = [...new Set(modules)].flatMap(withInternalFile);
  if (registered || include.length === 0) return;
  try {
    if (supportsSyncHooks()) registerSyncHooks(include);
    else registerAsyncHooks(include);
    registered = true;
  } catch (fault) {
    if (isInsideJest()) {
      diag.warn(
        '@clew/node: Jest loads modules without module hooks: only Node’s own modules and those that you pass ' +
          'to a plugin’s instrument() are traced (see the README of @clew/testing)',
      );
      return;
    }
    if (isMissing(fault)) {
      reportNoHooks(fault);
      return;
    }
    diag.warn(
      '@clew/node: this environment does not allow module hooks: only modules loaded as CommonJS and those ' +
        'that you pass to a plugin’s instrument() are traced',
      fault,
    );
  }
}

/** A package imports its own files by relative paths, which only their URL identifies. */
function withInternalFile(module: string): readonly Included[] {
  if (module.startsWith('file:') || !/\.m?js$/.test(module)) return [module];
  const escaped = module.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return [module, new RegExp(`/node_modules/${escaped}$`)];
}

/** Jest gives each test file its own realm, in which Node's functions are foreign; its child processes do not. */
function isInsideJest(): boolean {
  return process.env.JEST_WORKER_ID !== undefined && !(pathToFileURL instanceof Function);
}

/**
 * Whether `module.registerHooks` supports CommonJS modules without source, which import-in-the-middle requires:
 * https://github.com/nodejs/node/pull/59929
 */
function supportsSyncHooks(): boolean {
  const [major = 0, minor = 0, patch = 0] = process.versions.node
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  const isFrom = (firstMinor: number, firstPatch: number) =>
    minor > firstMinor || (minor === firstMinor && patch >= firstPatch);
  if (major === 22) return isFrom(22, 3);
  if (major === 24) return isFrom(11, 1);
  if (major === 25) return isFrom(1, 0);
  return major >= 26;
}

/**
 * Registers a hook that loads import-in-the-middle with the first import of a named module: it takes a sixth of the
 * startup time, and CommonJS applications rarely need it. Some of their packages contain an ES module (express 5 does).
 */
function registerSyncHooks(include: readonly Included[]): void {
  const isIncluded = matcherOf(include);
  let hooks: ImportHooks | undefined;
  let isLoaded = false;
  // Not a named import: older versions of Node lack this export, and would fail to start.
  module.registerHooks({
    resolve(specifier, context, nextResolve) {
      const plain = context.parentURL === undefined ? withoutFile(specifier) : undefined;
      if (plain !== undefined) return plain;
      if (hooks === undefined && (isLoaded || !isImport(context))) return nextResolve(specifier, context);
      // A copy: Node stores in `context` what a hook passes to `nextResolve`.
      const importing = { ...context };
      const name = isPath(specifier)
        ? packageOf(specifier, context, nextResolve, include)
        : withoutHash(specifier, include);
      if (hooks === undefined) {
        const resolved = nextResolve(specifier, { ...importing }) as ResolveFnOutput;
        if (!isIncluded(resolved.url, name)) return resolved;
        // Set first, because import-in-the-middle imports modules itself.
        isLoaded = true;
        hooks = loadHooks(isIncluded);
        if (hooks === undefined) return resolved;
        module.registerHooks({ load: hooks.loadSync });
      }
      return hooks.resolveSync(name, importing, (each, given) =>
        nextResolve(each === name ? specifier : each, given),
      );
    },
  });
}

function matcherOf(include: readonly Included[]): IsIncluded {
  const names = new Set<string>();
  const files: RegExp[] = [];
  for (const each of include) {
    if (typeof each !== 'string') files.push(each);
    else names.add(each).add(isBuiltin(each) && !each.startsWith('node:') ? `node:${each}` : each);
  }
  return (url, specifier) => names.has(specifier) || names.has(url) || files.some((file) => file.test(url));
}

/** The main file has no parent: it is not patched, and may be CommonJS. */
function isImport({ parentURL, conditions }: ResolveHookContext): boolean {
  return parentURL !== undefined && conditions.includes('import');
}

/** Loaded with `require`: in a bundle, an import would fail to find its own files and end the application. */
function loadHooks(shouldInclude: IsIncluded): ImportHooks | undefined {
  try {
    const require = createRequire(import.meta.url);
    const file = `${PACKAGE}/create-hook.mjs`;
    const { createHook } = require(file) as { createHook(meta: { url: string }): ImportHooks };
    const hooks = createHook({ url: pathToFileURL(require.resolve(file)).href });
    hooks.applyOptions({ shouldInclude });
    return hooks;
  } catch (fault) {
    reportNoHooks(fault);
    return undefined;
  }
}

function reportNoHooks(fault: unknown): void {
  diag.info('@clew/node: ES modules are not hooked, as in a bundled application', fault);
}

/** Whether import-in-the-middle is not installed beside this file, as in a bundle; that of an ES module has no URL to start from. */
function isMissing(fault: unknown): boolean {
  const { code } = fault as { readonly code?: unknown };
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_UNSUPPORTED_RESOLVE_REQUEST';
}

function isPath(specifier: string): boolean {
  return specifier.startsWith('file:') || isAbsolute(specifier);
}

/**
 * Returns a package's name for the path of its main file, which loaders and test runners with their own resolution
 * (vitest) import. Returns any other specifier unchanged.
 */
function packageOf(
  specifier: string,
  context: ResolveHookContext,
  nextResolve: NextResolve,
  include: readonly Included[],
): string {
  const [url = ''] = (specifier.startsWith('file:') ? specifier : pathToFileURL(specifier).href).split('?');
  const name = include.find((each) => typeof each === 'string' && url.includes(`/node_modules/${each}/`)) as
    | string
    | undefined;
  if (name === undefined) return specifier;
  try {
    const main = nextResolve(name, { ...context, parentURL: url }) as ResolveFnOutput;
    return main.url === url ? name : specifier;
  } catch {
    return specifier;
  }
}

/**
 * Returns a package's name for the name of the link through which Next.js imports it: `pg-587764f78a6c7a9c` in
 * `.next/node_modules`. Returns any other specifier unchanged.
 */
function withoutHash(specifier: string, include: readonly Included[]): string {
  const name = LINK.exec(specifier)?.[1];
  return name !== undefined && include.includes(name) ? name : specifier;
}

/** Runs in a separate thread, which also serves the worker threads. */
function registerAsyncHooks(include: readonly Included[]): void {
  if (!process.getBuiltinModule('node:worker_threads').isMainThread) return;
  module.register(`${PACKAGE}/hook.mjs`, import.meta.url, { data: { include } });
}

/**
 * Resolves entry points without a file: a worker started from a `data:` URL, and built-in modules in `node -e`.
 * import-in-the-middle would treat anything without a parent as the application's main file.
 */
function withoutFile(specifier: string): ResolveFnOutput | undefined {
  if (specifier.startsWith('data:text/javascript')) {
    return { url: specifier, format: 'module', shortCircuit: true };
  }
  if (!isBuiltin(specifier)) return undefined;
  const url = specifier.startsWith('node:') ? specifier : `node:${specifier}`;
  return { url, format: 'builtin', shortCircuit: true };
}

/** The modules and files that an instrumentation patches: OpenTelemetry's base class keeps their definitions. */
export function modulesHookedBy(instrumentation: Instrumentation): string[] {
  const definitions: unknown = Reflect.get(instrumentation, '_modules');
  if (!Array.isArray(definitions)) return [];
  const files = definitions.flatMap((each: { files?: unknown }) =>
    Array.isArray(each?.files) ? each.files : [],
  );
  return [...definitions, ...files]
    .map((each: { name?: unknown }) => each?.name)
    .filter((name) => typeof name === 'string');
}

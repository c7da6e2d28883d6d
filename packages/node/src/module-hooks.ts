import module, { createRequire, isBuiltin, type ResolveFnOutput, type ResolveHookContext } from 'node:module';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { diag } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';

type SyncHooks = Parameters<typeof module.registerHooks>[0];

type NextResolve = Parameters<NonNullable<SyncHooks['resolve']>>[2];

/** What `createHook()` of import-in-the-middle returns. */
interface ImportHooks {
  applyOptions(options: { readonly include: readonly string[] }): void;
  readonly resolveSync: NonNullable<SyncHooks['resolve']>;
  readonly loadSync: NonNullable<SyncHooks['load']>;
}

const PACKAGE = 'import-in-the-middle';

let registered = false;

/**
 * Hooks ES modules: only those named, and on the application's own thread where Node can. CommonJS is hooked by the
 * instrumentations. Where the host forbids hooks, one line is logged.
 */
export function hookModules(modules: readonly string[]): void {
  const include = [...new Set(modules)];
  if (registered || include.length === 0) return;
  try {
    if (supportsSyncHooks()) registerSyncHooks(include);
    else registerAsyncHooks(include);
    registered = true;
  } catch (fault) {
    if (isInsideJest()) {
      diag.warn(
        '@clew/node: Jest loads modules without module hooks: Node’s own modules are traced, others if you give ' +
          'them to a plugin’s instrument() (README of @clew/testing)',
      );
      return;
    }
    diag.warn(
      '@clew/node: this environment does not allow module hooks: modules that CommonJS loads are traced, and those ' +
        'that you give to a plugin’s instrument()',
      fault,
    );
  }
}

/** Jest gives each test file a realm of its own, to which Node's functions do not belong; its child processes have none. */
function isInsideJest(): boolean {
  return process.env.JEST_WORKER_ID !== undefined && !(pathToFileURL instanceof Function);
}

/**
 * Whether `module.registerHooks` takes a CommonJS module without its source, which import-in-the-middle relies on:
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
 * Registers what loads import-in-the-middle with the first import. It costs a sixth of the start, and an application in
 * CommonJS never needs it.
 */
function registerSyncHooks(include: readonly string[]): void {
  let hooks: ImportHooks | undefined;
  let isLoaded = false;
  // Not imported by name: an older Node has no such export, and would not start the application at all.
  module.registerHooks({
    resolve(specifier, context, nextResolve) {
      const plain = context.parentURL === undefined ? withoutFile(specifier) : undefined;
      if (plain !== undefined) return plain;
      if (!isLoaded && isImport(context)) {
        // Set first: import-in-the-middle imports modules itself.
        isLoaded = true;
        hooks = loadHooks(include);
        if (hooks !== undefined) module.registerHooks({ load: hooks.loadSync });
      }
      if (hooks === undefined) return nextResolve(specifier, context);
      if (!isPath(specifier)) return hooks.resolveSync(specifier, context, nextResolve);
      // A copy: Node remembers in `context` what a hook gives to `nextResolve`.
      const importing = { ...context };
      const name = packageOf(specifier, context, nextResolve, include);
      return hooks.resolveSync(name, importing, (each, given) =>
        nextResolve(each === name ? specifier : each, given),
      );
    },
  });
}

/** The main file has no parent: it is no target, and may be CommonJS. */
function isImport({ parentURL, conditions }: ResolveHookContext): boolean {
  return parentURL !== undefined && conditions.includes('import');
}

/** Loaded here and not imported: in a bundle it would look for its own files, and end the application. */
function loadHooks(include: readonly string[]): ImportHooks | undefined {
  try {
    const require = createRequire(import.meta.url);
    const file = `${PACKAGE}/create-hook.mjs`;
    const { createHook } = require(file) as { createHook(meta: { url: string }): ImportHooks };
    const hooks = createHook({ url: pathToFileURL(require.resolve(file)).href });
    hooks.applyOptions({ include });
    return hooks;
  } catch (fault) {
    diag.info('@clew/node: ES modules are not hooked, as in a bundled application', fault);
    return undefined;
  }
}

function isPath(specifier: string): boolean {
  return specifier.startsWith('file:') || isAbsolute(specifier);
}

/**
 * The name of a package, where an import gives the path of its main file instead: loaders and test runners that resolve
 * by themselves do (vitest). Any other specifier stays as it is.
 */
function packageOf(
  specifier: string,
  context: ResolveHookContext,
  nextResolve: NextResolve,
  include: readonly string[],
): string {
  const [url = ''] = (specifier.startsWith('file:') ? specifier : pathToFileURL(specifier).href).split('?');
  const name = include.find((each) => url.includes(`/node_modules/${each}/`));
  if (name === undefined) return specifier;
  try {
    const main = nextResolve(name, { ...context, parentURL: url }) as ResolveFnOutput;
    return main.url === url ? name : specifier;
  } catch {
    return specifier;
  }
}

/** On a thread of its own, which serves the worker threads, too. */
function registerAsyncHooks(include: readonly string[]): void {
  if (!process.getBuiltinModule('node:worker_threads').isMainThread) return;
  module.register(`${PACKAGE}/hook.mjs`, import.meta.url, { data: { include } });
}

/**
 * What has neither a parent nor a file: a worker that is started from a `data:` URL, and Node's own modules in
 * `node -e`. import-in-the-middle takes whatever has no parent for the application's main file.
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

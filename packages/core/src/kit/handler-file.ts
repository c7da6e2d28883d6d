import { realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';

/** The environment variables in which a platform names the function that it calls. */
export interface HandlerVariables {
  /** The folder of the application: `LAMBDA_TASK_ROOT`. */
  readonly folder: string;
  /** The file without its extension and the export, which may be nested: `_HANDLER` is `src/orders.handlers.get`. */
  readonly name: string;
}

/** A function of the application, in the file that exports it. */
export interface HandlerPlace {
  /** The real path of the file. */
  readonly file: string;
  /** The names of the export: `['handlers', 'get']`. */
  readonly path: readonly string[];
}

const EXTENSIONS = ['', '.js', '.mjs', '.cjs'];

/** Finds the function as the runtime of AWS Lambda does; `undefined` if the variables do not name an existing file. */
export function handlerPlace(variables: HandlerVariables): HandlerPlace | undefined {
  const { [variables.folder]: folder, [variables.name]: name } = process.env;
  if (!folder || !name) return undefined;
  const [, module, path] = /^([^.]*)\.(.*)$/.exec(basename(name)) ?? [];
  if (!module || !path) return undefined;
  const below = name.slice(0, -basename(name).length);
  const file =
    EXTENSIONS.map((extension) => `${resolve(folder, below, module)}${extension}`).find(isFile) ??
    packageMain(module, [folder, join(folder, below)]);
  return file === undefined ? undefined : { file: realpathSync(file), path: path.split('.') };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The runtime looks for a package if there is no such file. */
function packageMain(name: string, folders: readonly string[]): string | undefined {
  try {
    return createRequire(join(folders[0] as string, 'handler')).resolve(name, { paths: [...folders] });
  } catch {
    return undefined;
  }
}

import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A package.json of the application. */
export interface ApplicationManifest {
  readonly folder: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** Information from the application's own files about the packages that it uses. */
export interface Application {
  /** The folders from which packages are looked up, each in the `node_modules` folders above it. */
  readonly startingPoints: ReadonlySet<string>;
  /** The nearest package.json above the main file and the working directory, then those of enclosing workspaces. */
  readonly manifests: readonly ApplicationManifest[];
}

const FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;
const IN_NODE_MODULES = `${sep}node_modules${sep}`;

/**
 * Reads the application's package.json files. Skips missing or broken ones, which Node itself reports if they
 * matter.
 */
export function readApplication(mainFile: string | undefined = process.argv[1]): Application {
  const manifests = new Map<string, ApplicationManifest>();
  for (const start of applicationFolders(mainFile)) {
    // The main file belongs to an installed command: the application is in the working directory.
    if (`${start}${sep}`.includes(IN_NODE_MODULES)) continue;
    for (const manifest of manifestsAbove(start)) manifests.set(manifest.folder, manifest);
  }
  return { startingPoints: startingPoints(mainFile), manifests: [...manifests.values()] };
}

/** Returns the application's direct dependencies, each with the folder of the package.json that names it. */
export function dependenciesOf({ manifests }: Application): Map<string, string> {
  const dependencies = new Map<string, string>();
  for (const { folder, content } of manifests) {
    for (const field of FIELDS) {
      for (const name of Object.keys(content[field] ?? {}))
        if (!dependencies.has(name)) dependencies.set(name, folder);
    }
  }
  return dependencies;
}

/** Returns the possible folders of a package looked up from `start`, nearest first. */
export function* packageFolders(name: string, start: string): Generator<string> {
  for (const folder of foldersAbove(start)) yield join(folder, 'node_modules', name);
}

/**
 * Returns the folders from which packages are looked up: those of the main file (and the target of its symbolic
 * link), the working directory, and this package.
 */
export function startingPoints(mainFile: string | undefined = process.argv[1]): Set<string> {
  const points = applicationFolders(mainFile);
  // Unknown in a bundle as CommonJS.
  if (import.meta.url) points.add(dirname(fileURLToPath(import.meta.url)));
  return points;
}

/** Returns a folder and all folders above it, nearest first. */
export function* foldersAbove(start: string): Generator<string> {
  for (let folder = start; ; folder = dirname(folder)) {
    yield folder;
    if (dirname(folder) === folder) return;
  }
}

function applicationFolders(mainFile: string | undefined): Set<string> {
  const folders = new Set<string>();
  const current = workingFolder();
  if (mainFile !== undefined) {
    const path = resolve(current ?? '/', mainFile);
    folders.add(dirname(path));
    folders.add(dirname(realPath(path)));
  }
  if (current !== undefined) folders.add(current);
  return folders;
}

/** `undefined` if the working directory has been removed. */
function workingFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** The nearest package.json, then those above it of workspaces, which install packages for all their members. */
function* manifestsAbove(start: string): Generator<ApplicationManifest> {
  let isNearest = true;
  for (const folder of foldersAbove(start)) {
    const content = readManifest(folder);
    if (content === undefined) continue;
    if (isNearest || isWorkspaceRoot(folder, content)) yield { folder, content };
    isNearest = false;
  }
}

function isWorkspaceRoot(folder: string, content: ApplicationManifest['content']): boolean {
  return content.workspaces !== undefined || existsSync(join(folder, 'pnpm-workspace.yaml'));
}

function readManifest(folder: string): ApplicationManifest['content'] | undefined {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return undefined;
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof content === 'object' && content !== null ? { ...content } : {};
  } catch {
    return {};
  }
}

import { basename } from 'node:path';
import { matchesAny } from '@clew/core/plugin';

/** What is started, without arguments, which may be secret. */
export interface Launch {
  /** The name of the executable: `node`, or `sh` for a command in a shell. */
  readonly executable: string;
  /** The names of the programs; a command in a shell may have several. */
  readonly programs: readonly string[];
  /** Whether a library forks its own script: a pool shared by several requests. */
  readonly isPooled: boolean;
}

/** The options that Node's own functions pass to a child process. */
export interface LaunchOptions {
  readonly file?: unknown;
  readonly args?: unknown;
  readonly shell?: unknown;
  readonly stdio?: unknown;
}

/** Which child processes are meant: Node programs, all, none, or programs by name. */
export type Programs = 'node' | 'all' | 'none' | readonly (string | RegExp)[];

/** The valid values of a `Programs` option, as quoted in errors. */
export const PROGRAMS_EXPECTED = '"node" | "all" | "none" | a list of names of programs and RegExps';

/** Whether a value is a valid `Programs` option. */
export function isPrograms(value: unknown): value is Programs {
  if (!Array.isArray(value)) return value === 'node' || value === 'all' || value === 'none';
  return value.every((item) => (typeof item === 'string' && item !== '') || item instanceof RegExp);
}

/** Reads the start of a process; with a shell, the command is the last argument. */
export function launchOf({ file, args, shell, stdio }: LaunchOptions): Launch | undefined {
  if (typeof file !== 'string') return undefined;
  const texts = Array.isArray(args) ? args.map(String) : [];
  const executable = programName(file);
  if (shell) return { executable, programs: programsIn(texts.at(-1) ?? ''), isPooled: false };
  const isForked = Array.isArray(stdio) && stdio.includes('ipc');
  return { executable, programs: [executable], isPooled: isForked && isInPackage(scriptIn(texts) ?? '') };
}

/** Reads a command that Node runs in a shell. */
export function launchInShell(command: unknown, shell: unknown): Launch | undefined {
  if (typeof command !== 'string') return undefined;
  const fallback = process.platform === 'win32' ? 'cmd' : 'sh';
  const executable = typeof shell === 'string' ? programName(shell) : fallback;
  return { executable, programs: programsIn(command), isPooled: false };
}

/** Whether a child process matches the option. */
export function matchesPrograms(programs: Programs, launch: Launch): boolean {
  if (programs === 'all' || programs === 'none') return programs === 'all';
  if (programs === 'node') return !launch.isPooled && launch.programs.some(runsOnNode);
  return launch.programs.some((name) => matchesAny(programs, name));
}

/** Whether a file belongs to an installed package. */
export function isInPackage(file: string): boolean {
  return /[\\/]node_modules[\\/]/.test(file);
}

const NODE_PROGRAMS = new Set([
  programName(process.execPath),
  ...'node nodejs npm npx pnpm pnpx yarn corepack tsx ts-node'.split(' '),
]);

function runsOnNode(name: string): boolean {
  return NODE_PROGRAMS.has(name) || /\.[cm]?[jt]s$/.test(name);
}

function programName(file: string): string {
  return basename(file).replace(/\.(exe|cmd|bat|com)$/i, '');
}

/**
 * Returns the program of each command in a shell's text, after its variables; skips anything that is not a plain
 * name.
 */
function programsIn(text: string): string[] {
  // On Windows, the shell gets the whole command in quotes.
  const command = process.platform === 'win32' ? text.replace(/^"(.*)"$/s, '$1') : text;
  const parts = command.split(/[;&|\n(){}`]+/);
  const words = parts.map((part) => /^\s*(?:\w+=\S*\s+)*(?:"([^"]+)"|'([^']+)'|(\S+))/.exec(part));
  const names = words.map((word) => programName(word?.[1] ?? word?.[2] ?? word?.[3] ?? ''));
  return names.filter((name) => /^[\w.+@-]+$/.test(name));
}

const TAKES_VALUE = /^(-r|--require|--import|--loader|--experimental-loader)$/;

function scriptIn([, ...args]: readonly string[]): string | undefined {
  return args.find((arg, at) => !arg.startsWith('-') && !TAKES_VALUE.test(args[at - 1] ?? ''));
}

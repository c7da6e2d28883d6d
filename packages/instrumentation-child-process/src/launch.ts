import { basename } from 'node:path';
import { matchesAny } from '@clew/core/plugin';

/** What the program starts, as far as it may be known: never its arguments. */
export interface Launch {
  /** The file that the system runs: `node`, or `sh` where a shell reads a command. */
  readonly executable: string;
  /** The programs of it: several where a shell reads a command. */
  readonly programs: readonly string[];
  /** Whether a library forks a script of its own: a pool, which requests share. */
  readonly isPooled: boolean;
}

/** What Node's own functions say of a child process. */
export interface LaunchOptions {
  readonly file?: unknown;
  readonly args?: unknown;
  readonly shell?: unknown;
  readonly stdio?: unknown;
}

/** Which child processes get something: Node programs, all, none, or programs by name. */
export type Programs = 'node' | 'all' | 'none' | readonly (string | RegExp)[];

export const PROGRAMS_EXPECTED = '"node" | "all" | "none" | a list of names of programs and RegExps';

/** Whether a value says which child processes get something. */
export function isPrograms(value: unknown): value is Programs {
  if (!Array.isArray(value)) return value === 'node' || value === 'all' || value === 'none';
  return value.every((item) => (typeof item === 'string' && item !== '') || item instanceof RegExp);
}

/** Reads what a process is started with; where a shell is, its command is the last of the arguments. */
export function launchOf({ file, args, shell, stdio }: LaunchOptions): Launch | undefined {
  if (typeof file !== 'string') return undefined;
  const texts = Array.isArray(args) ? args.map(String) : [];
  const executable = programName(file);
  if (shell) return { executable, programs: programsIn(texts.at(-1) ?? ''), isPooled: false };
  const isForked = Array.isArray(stdio) && stdio.includes('ipc');
  return { executable, programs: [executable], isPooled: isForked && isLibrarys(scriptIn(texts) ?? '') };
}

/** Reads a command that a shell will be started for. */
export function launchInShell(command: unknown, shell: unknown): Launch | undefined {
  if (typeof command !== 'string') return undefined;
  const usual = process.platform === 'win32' ? 'cmd' : 'sh';
  const executable = typeof shell === 'string' ? programName(shell) : usual;
  return { executable, programs: programsIn(command), isPooled: false };
}

/** Whether a child process is among those that are named. */
export function isAmong(programs: Programs, launch: Launch): boolean {
  if (programs === 'all' || programs === 'none') return programs === 'all';
  if (programs === 'node') return !launch.isPooled && launch.programs.some(runsOnNode);
  return launch.programs.some((name) => matchesAny(programs, name));
}

/** Whether a file lies in a package that is installed. */
export function isLibrarys(file: string): boolean {
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

/** The first word of each command in a shell's text, behind its variables; what isn't plainly a name is left out. */
function programsIn(text: string): string[] {
  // Windows' shell is given the whole command in quotes.
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

import { join } from 'node:path';
import { type Ended, runProgram } from '../run-program.ts';

export const BUNDLERS = ['esbuild', 'rollup', 'vite', 'webpack'] as const;
export type Bundler = (typeof BUNDLERS)[number];

export interface Build {
  readonly bundler: Bundler;
  /** The name of a file in `programs`. */
  readonly program: string;
  /** The path of the bundle, which is an ES module if it ends with `.mjs`. */
  readonly file: string;
  readonly minify?: boolean;
  /** The options of `clew()`; `false` to build without it. */
  readonly plugin?: object | false;
}

/** Bundles a program into one file, in a process of its own. */
export function bundle({ bundler, program, file, minify = false, plugin = {} }: Build): Promise<Ended> {
  const script = join(__dirname, 'builds', `${bundler}.mjs`);
  const entry = join(__dirname, 'programs', program);
  const flags = ['--plugin', JSON.stringify(plugin), ...(minify ? ['--minify'] : [])];
  return runProgram([script, entry, file, ...flags], { cwd: join(__dirname, '..') });
}

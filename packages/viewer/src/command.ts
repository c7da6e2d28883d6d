import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { UsageError } from './usage-error.ts';

/** A command of `clew`. */
export interface Command {
  readonly name: string;
  /** Its part of the help: lines of at most 80 columns. */
  readonly usage: string;
  /**
   * Resolves to the exit status, or to `help` if that was asked for. Rejects with a UsageError for invalid arguments, and
   * with an Error for a failure.
   */
  run(args: readonly string[]): Promise<number | 'help'>;
}

type Values<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; allowPositionals: true; allowNegative: true }>
>['values'];

/** The definition of a command. */
export interface CommandDefinition<Options extends ParseArgsOptionsConfig> {
  readonly name: string;
  readonly usage: string;
  readonly options: Options;
  /** How many positional arguments it takes at most. Default 0. */
  readonly maxPositionals?: number;
  /** Returns the exit status, if it may be another than 0. */
  run(values: Values<Options>, positionals: readonly string[]): void | Promise<void> | Promise<number>;
}

/** An option with a value, one that may be repeated, and a flag. */
export const TEXT = { type: 'string' } as const;
export const TEXTS = { type: 'string', multiple: true } as const;
export const FLAG = { type: 'boolean' } as const;

const HELP = { help: { type: 'boolean', short: 'h' } } as const;

/** Makes a command that parses its arguments, and has `--help`. */
export function defineCommand<const Options extends ParseArgsOptionsConfig>({
  name,
  usage,
  options,
  maxPositionals = 0,
  run,
}: CommandDefinition<Options>): Command {
  return {
    name,
    usage,
    async run(args) {
      const { values, positionals } = parse(args, { ...options, ...HELP });
      if ((values as { readonly help?: boolean }).help) return 'help';
      const extra = positionals[maxPositionals];
      if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"`);
      return (await run(values as Values<Options>, positionals)) ?? 0;
    },
  };
}

function parse(args: readonly string[], options: ParseArgsOptionsConfig) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, allowNegative: true });
  } catch (error) {
    // The first sentence states the error; the rest explains "--".
    const [sentence = ''] = (error as Error).message.split(/\.\s/, 1);
    throw new UsageError(sentence.replace(/^./, (letter) => letter.toLowerCase()));
  }
}

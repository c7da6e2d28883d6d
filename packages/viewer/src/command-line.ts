import { parseArgs } from 'node:util';
import { collect } from './command-collect.ts';
import { createPlugin } from './command-create-plugin.ts';
import { policies } from './command-policies.ts';
import { list, show } from './command-show.ts';
import { UsageError } from './usage-error.ts';

declare const __VERSION__: string;

const USAGE = `clew: receive traces over OTLP, store them, show them

  clew collect [options]          receive OTLP/HTTP until interrupted
    --port N                      default 4318; 0 selects a free port
    --host ADDRESS                default 127.0.0.1
    --store FILE                  keep traces in a file (default: in memory)
    --max-mb N                    keep at most N MiB of traces (default 256)
    --live, --no-live             a line per trace (default: on a terminal)
    --policies FILE               serve sampling policies, JSON or YAML
    --adaptive N                  serve probabilities to Jaeger's samplers, to
                                  keep N traces a second of each operation
    --adaptive-interval SECONDS   how often they are calculated (default 10)
    --initial-probability P       of a new operation (default 0.001)
    --min-probability P           of any operation (default 0.00001)
    --lower-bound N               traces a second that a process always keeps
                                  of an operation (default 1/60)

  clew show [TRACE_ID] [options]  draw a trace, by the first digits of its id
    --last N                      the last N traces (default 1)
    --errors                      only traces with errors
    --attributes                  with attributes, events and links
    --json                        as JSON, one line per trace
    --svg FILE                    as an image

  clew list [options]             the last traces
    --limit N                     default 20
    --service NAME                only traces with spans of NAME
    --min-ms N                    only traces that took N milliseconds or more
    --errors                      only traces with errors
    --json                        as JSON, one line per trace

  clew policies check FILE        validate sampling policies
    --traces FILE                 what they would keep of a store's traces
    --json                        as JSON

  clew policies show              what a collector serves, and what it has kept
    --from URL                    a collector (default http://127.0.0.1:4318)
    --json                        as JSON

  clew create-plugin NAME         a folder with a plugin for the library NAME

  show and list
    --from URL                    a collector (default http://127.0.0.1:4318)
    --store FILE                  a collector's file instead
    --width N                     columns, at least 40 (default: the terminal's)
    --color, --no-color           default: on a terminal (NO_COLOR, FORCE_COLOR)
    --ascii                       no box drawing characters

  clew --help, clew --version
`;

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;
const SOURCE_AND_OUTPUT = { from: TEXT, store: TEXT, width: TEXT, color: FLAG, ascii: FLAG, json: FLAG };
const HELP = { help: { type: 'boolean', short: 'h' } } as const;
const ADAPTIVE = {
  adaptive: TEXT,
  'adaptive-interval': TEXT,
  'initial-probability': TEXT,
  'min-probability': TEXT,
  'lower-bound': TEXT,
} as const;

const OPTIONS = {
  collect: {
    port: TEXT,
    host: TEXT,
    store: TEXT,
    'max-mb': TEXT,
    live: FLAG,
    policies: TEXT,
    ...ADAPTIVE,
    ...HELP,
  },
  show: { last: TEXT, errors: FLAG, attributes: FLAG, svg: TEXT, ...SOURCE_AND_OUTPUT, ...HELP },
  policies: { traces: TEXT, from: TEXT, json: FLAG, ...HELP },
  'create-plugin': HELP,
  list: { limit: TEXT, service: TEXT, 'min-ms': TEXT, errors: FLAG, ...SOURCE_AND_OUTPUT, ...HELP },
} as const;

/** Runs the command. Resolves to the exit status: 0 for success, 1 for a failure, 2 for invalid usage. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    await run(args);
    return 0;
  } catch (error) {
    const wrong = error instanceof UsageError;
    process.stderr.write(`clew: ${(error as Error).message}${wrong ? ' (see clew --help)' : ''}\n`);
    return wrong ? 2 : 1;
  }
}

async function run([command, ...args]: readonly string[]): Promise<void> {
  switch (command) {
    case 'collect': {
      const { values } = parse(args, OPTIONS.collect, 0);
      return values.help ? help() : collect(values);
    }
    case 'show': {
      const { values, positionals } = parse(args, OPTIONS.show, 1);
      return values.help ? help() : show(positionals[0], values);
    }
    case 'list': {
      const { values } = parse(args, OPTIONS.list, 0);
      return values.help ? help() : list(values);
    }
    case 'policies': {
      const { values, positionals } = parse(args, OPTIONS.policies, 2);
      return values.help ? help() : policies(positionals, values);
    }
    case 'create-plugin': {
      const { values, positionals } = parse(args, OPTIONS['create-plugin'], 1);
      return values.help ? help() : createPlugin(positionals[0], __VERSION__);
    }
    case '--help':
    case '-h':
    case 'help':
      return help();
    case '--version':
    case '-v':
      process.stdout.write(`${__VERSION__}\n`);
      return;
    case undefined:
      throw new UsageError('expected a command: collect, show, list, policies or create-plugin');
    default:
      throw new UsageError(`expected collect, show, list, policies or create-plugin, got "${command}"`);
  }
}

function help(): void {
  process.stdout.write(USAGE);
}

function parse<const Options extends NonNullable<Parameters<typeof parseArgs>[0]>['options']>(
  args: readonly string[],
  options: Options,
  maxPositionals: number,
) {
  const parsed = strictly(() =>
    parseArgs({ args: [...args], options: options!, allowPositionals: true, allowNegative: true }),
  );
  const extra = parsed.positionals[maxPositionals];
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"`);
  return parsed;
}

function strictly<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    // The first sentence states the error; the rest explains "--".
    throw new UsageError(
      (error as Error).message.split(/\.\s/, 1)[0]!.replace(/^./, (letter) => letter.toLowerCase()),
    );
  }
}

import type { Command } from './command.ts';
import { collect } from './command-collect.ts';
import { createPlugin } from './command-create-plugin.ts';
import { doctor } from './command-doctor.ts';
import { exportTrace } from './command-export.ts';
import { importTraces } from './command-import.ts';
import { list } from './command-list.ts';
import { mcp } from './command-mcp.ts';
import { policies } from './command-policies.ts';
import { run as runCommand } from './command-run.ts';
import { show } from './command-show.ts';
import { tail } from './command-tail.ts';
import { view } from './command-view.ts';
import { UsageError } from './usage-error.ts';

declare const __VERSION__: string;

const COMMANDS: readonly Command[] = [
  runCommand,
  doctor,
  view,
  collect,
  show,
  list,
  tail,
  exportTrace,
  importTraces,
  mcp,
  policies,
  createPlugin,
];

const USAGE = `clew: receive traces over OTLP, store them, show them

${COMMANDS.map(({ usage }) => usage).join('\n')}
  show, list, tail and mcp
    --from URL                    a collector (default http://127.0.0.1:4318)
    --store FILE                  a collector's file instead
    --service NAME                only traces with spans of NAME
    --route ROUTE                 only requests of a route, RPC method or queue
    --status CODE                 only responses with an HTTP status: 404, 5xx
    --policy ID                   only traces that a sampling policy kept
    --attribute KEY=VALUE         only traces with this attribute; repeatable
    --text TEXT                   only traces with a text anywhere in a span
    --min-ms N, --max-ms N        only traces that took so many milliseconds
    --errors                      only traces with errors
    --width N                     columns, at least 40 (default: the terminal's)
    --color, --no-color           default: on a terminal (NO_COLOR, FORCE_COLOR)
    --ascii                       no box drawing characters
    --json                        as JSON, one line per trace

  clew --help, clew --version
`;

/** Runs the command. Resolves to the exit status: the command's, 1 for a failure, 2 for invalid usage. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    const wrong = error instanceof UsageError;
    process.stderr.write(`clew: ${(error as Error).message}${wrong ? ' (see clew --help)' : ''}\n`);
    return wrong ? 2 : 1;
  }
}

async function run([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--version' || name === '-v') process.stdout.write(`${__VERSION__}\n`);
  else {
    const status = isHelp(name) ? 'help' : await find(name).run(args);
    if (status !== 'help') return status;
    process.stdout.write(USAGE);
  }
  return 0;
}

function isHelp(name: string | undefined): boolean {
  return name === '--help' || name === '-h' || name === 'help';
}

function find(name: string | undefined): Command {
  const command = COMMANDS.find((each) => each.name === name);
  if (command !== undefined) return command;
  const names = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(
    COMMANDS.map((each) => each.name),
  );
  throw new UsageError(
    name === undefined ? `expected a command: ${names}` : `expected ${names}, got ${JSON.stringify(name)}`,
  );
}

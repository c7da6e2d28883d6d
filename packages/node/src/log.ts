import { reportSecondTracer } from '@clew/core/internal';
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import type { Environment } from './environment.ts';

const LEVELS = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
  all: DiagLogLevel.ALL,
} as const;

/** The names of the levels, as in `OTEL_LOG_LEVEL`. */
export type LogLevel = keyof typeof LEVELS;

export const LOG_LEVELS = Object.keys(LEVELS) as readonly LogLevel[];

const DIAG_KEY = Symbol.for('opentelemetry.js.api.1');

/** What the API logs when a second SDK registers its tracer, propagator and context manager. */
const DUPLICATE = '@opentelemetry/api: Attempted duplicate registration of API';

let ours: unknown;

/**
 * Without a logger nobody would read our warnings: they go to standard error, from `warn` up unless told
 * otherwise. A logger that the program has set stays.
 */
export function ensureLogger(level: LogLevel | undefined, environment?: Environment): void {
  if (current() !== undefined && current() !== ours) return;
  // Wrong values are said by the logger: it must be there first.
  setLevel(level ?? 'warn');
  const named = environment?.oneOf(LOG_LEVELS, 'OTEL_LOG_LEVEL');
  if (level === undefined && named !== undefined) setLevel(named);
}

function setLevel(level: LogLevel): void {
  diag.setLogger(standardError, { logLevel: LEVELS[level], suppressOverrideMessage: true });
  ours = current();
}

function current(): unknown {
  return (globalThis as { [DIAG_KEY]?: { diag?: unknown } })[DIAG_KEY]?.diag;
}

const standardError: DiagLogger = {
  error: line('error'),
  warn: line('warn'),
  info: line('info'),
  debug: line('debug'),
  verbose: line('verbose'),
};

function line(level: string): (message: string, ...rest: unknown[]) => void {
  return (message, ...rest) => {
    // The API says so three times, with stacks, and not what to do.
    if (String(message).includes(DUPLICATE)) {
      reportSecondTracer();
      return;
    }
    const details = rest.map((each) => (each instanceof Error ? each.message : String(each)));
    const text = [message, ...details].join(' ').replace(CONTROL_CHARACTERS, ' ');
    writeQuietly(`clew ${level}: ${text}\n`);
  };
}

/** What a peer sent may be in a line: it must not begin another one, nor move the cursor of a terminal. */
const CONTROL_CHARACTERS = /\p{Cc}/gu;
const ignore = () => {};
let writing = 0;

/** Where standard error has been closed (a terminal that hung up, `| head`), a line of ours must not end the process. */
function writeQuietly(line: string): void {
  const { stderr } = process;
  if (stderr.destroyed) return;
  if (writing++ === 0) stderr.on('error', ignore);
  stderr.write(line, (error) => {
    writing--;
    // The `error` event follows.
    if (!error && writing === 0) stderr.removeListener('error', ignore);
  });
}

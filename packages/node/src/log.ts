import { reportSecondTracer } from '@clew/core/internal';
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import type { Environment } from './environment.ts';
import { selfReport } from './self-report.ts';

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

/** All level names. */
export const LOG_LEVELS = Object.keys(LEVELS) as readonly LogLevel[];

const DIAG_KEY = Symbol.for('opentelemetry.js.api.1');

/** Logged by the API when a second SDK registers its tracer, propagator and context manager. */
const DUPLICATE = '@opentelemetry/api: Attempted duplicate registration of API';

let ownLogger: unknown;

/**
 * Logs to standard error, by default from level `warn`, unless the application has already set a logger. Without
 * one, our warnings would be lost.
 */
export function ensureLogger(level: LogLevel | undefined, environment?: Environment): void {
  if (current() !== undefined && current() !== ownLogger) return;
  // Set before reading the environment, so that a warning about an invalid value is logged.
  setLevel(level ?? 'warn');
  const named = environment?.oneOf(LOG_LEVELS, 'OTEL_LOG_LEVEL');
  if (level === undefined && named !== undefined) setLevel(named);
}

function setLevel(level: LogLevel): void {
  diag.setLogger(standardError, { logLevel: LEVELS[level], suppressOverrideMessage: true });
  ownLogger = current();
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
    // Replaced: the API logs it three times, with stacks and without a remedy.
    if (String(message).includes(DUPLICATE)) {
      reportSecondTracer();
      return;
    }
    const details = rest.map((each) => (each instanceof Error ? each.message : String(each)));
    const text = [message, ...details].join(' ').replace(CONTROL_CHARACTERS, ' ');
    writeQuietly(`clew ${level}: ${text}\n`);
    selfReport(() => ({ kind: 'log', level, text }));
  };
}

/** Messages may contain data from peers, which must not forge log lines or move a terminal's cursor. */
const CONTROL_CHARACTERS = /\p{Cc}/gu;
const ignore = () => {};
let writing = 0;

/**
 * Ignores write errors: if standard error is closed (hung-up terminal, `| head`), logging must not end the
 * process.
 */
function writeQuietly(line: string): void {
  const { stderr } = process;
  if (stderr.destroyed) return;
  if (writing++ === 0) stderr.on('error', ignore);
  stderr.write(line, (error) => {
    writing--;
    // Otherwise the `error` event is still to come.
    if (!error && writing === 0) stderr.removeListener('error', ignore);
  });
}

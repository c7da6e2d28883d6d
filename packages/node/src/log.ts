import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';

const LEVELS = {
  NONE: DiagLogLevel.NONE,
  ERROR: DiagLogLevel.ERROR,
  WARN: DiagLogLevel.WARN,
  INFO: DiagLogLevel.INFO,
  DEBUG: DiagLogLevel.DEBUG,
  VERBOSE: DiagLogLevel.VERBOSE,
  ALL: DiagLogLevel.ALL,
} as const;

/** The names of the levels, as in `OTEL_LOG_LEVEL`. */
export type LogLevel = Lowercase<keyof typeof LEVELS>;

/** The level of a name in any case, or `undefined`. */
export function levelOf(name: string): DiagLogLevel | undefined {
  return LEVELS[name.toUpperCase() as keyof typeof LEVELS];
}

const DIAG_KEY = Symbol.for('opentelemetry.js.api.1');

/**
 * Without a logger nobody would read our warnings: they go to standard error, from `warn` up unless told
 * otherwise. A logger that the program has set stays.
 */
export function ensureLogger(level: LogLevel | undefined): void {
  const api = (globalThis as { [DIAG_KEY]?: { diag?: unknown } })[DIAG_KEY];
  if (api?.diag !== undefined) return;
  const logLevel = (level && levelOf(level)) ?? DiagLogLevel.WARN;
  diag.setLogger(standardError, { logLevel, suppressOverrideMessage: true });
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
    const details = rest.map((each) => (each instanceof Error ? each.message : String(each)));
    const text = [message, ...details].join(' ').replaceAll('\n', ' ');
    process.stderr.write(`clew ${level}: ${text}\n`);
  };
}

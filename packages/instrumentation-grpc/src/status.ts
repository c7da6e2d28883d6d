/** The names of the status codes. Source: https://grpc.io/docs/guides/status-codes/ */
const NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

export const CANCELLED = 1;
export const UNIMPLEMENTED = 12;

/** The other codes mean that the server works, and that the caller made a mistake or left. */
const SERVER_ERRORS: ReadonlySet<string> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** The name of a code; a code without a name as text. */
export function nameOf(code: unknown): string {
  return NAMES[code as number] ?? String(code).slice(0, 16);
}

/**
 * Whether a code is an error of the server that sends it.
 * Source: https://opentelemetry.io/docs/specs/semconv/rpc/grpc/#server
 */
export function isServerError(name: string): boolean {
  return SERVER_ERRORS.has(name);
}

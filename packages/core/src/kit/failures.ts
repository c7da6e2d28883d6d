import { diag } from '@opentelemetry/api';

const reported = new Set<string>();
const MAX_REPORTED = 256;

/**
 * Logs a failure of the instrumentation through `diag`, once for each `activity` (at most 256 of them): a phrase such as
 * `recording an error`. Never throws.
 */
export function reportFailure(activity: string, fault: unknown): void {
  if (reported.has(activity) || reported.size >= MAX_REPORTED) return;
  reported.add(activity);
  try {
    diag.error(
      `clew: ${activity} failed; the application is not affected, the trace may be incomplete`,
      fault,
    );
  } catch {
    // The user's logger threw: there is no other place to report to.
  }
}

/** Runs instrumentation code or a user's hook; what it throws is reported once and `undefined` is returned. */
export function guard<T>(activity: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (fault) {
    reportFailure(activity, fault);
    return undefined;
  }
}

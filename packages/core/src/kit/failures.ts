import { diag } from '@opentelemetry/api';

const said = new Set<string>();
const MAX_SAID = 256;

/** Says a fault of ours through `diag`, once for each place, and goes on: it is never the program's fault. */
export function reportFailure(place: string, fault: unknown): void {
  if (said.has(place) || said.size >= MAX_SAID) return;
  said.add(place);
  try {
    diag.error(`clew: ${place} failed; the program is not affected, the trace may be incomplete`, fault);
  } catch {
    // A logger of the user's that throws has had its chance.
  }
}

/** Runs code of ours, or a hook of the user's, whose failure must not reach the program. */
export function guard<T>(place: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (fault) {
    reportFailure(place, fault);
    return undefined;
  }
}

import { diag } from '@opentelemetry/api';

let isReported = false;

/** Logs once that another tracer's instrumentations run beside ours. */
export function reportSecondTracer(): void {
  if (isReported) return;
  isReported = true;
  diag.warn(
    'clew: another tracer was started after Clew, and its instrumentations record the same requests a second time. ' +
      'Start only one of the two; init({ instrumentations }) takes the instrumentations of OpenTelemetry',
  );
}

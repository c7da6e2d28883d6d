import { originals, reportFailure } from '@clew/core/plugin';
import { metrics, trace } from '@opentelemetry/api';

/** The part of the invocation's time that is left to the runtime for sending the response. */
const RESERVED_MS = 100;
/** After an export that timed out, the next ones may take only this fraction of the timeout. */
const PART_DURING_OUTAGE = 0.1;

interface Provider {
  getDelegate?(): Provider;
  forceFlush?(): Promise<void>;
  endUnfinished?(reason: string): void;
}

/** The tracer of the process, as far as it can export. */
export interface Exporter {
  /** Exports the spans that have ended, and metrics. */
  readonly flush: () => Promise<void>;
  /** Ends all open spans and marks them; only Clew's tracer can. */
  readonly endUnfinished: ((reason: string) => void) | undefined;
}

/** Exports the spans of an invocation; see {@link flushWithin}. */
export type Flush = () => Promise<void>;

/** The tracer of the process, with its metrics; `undefined` if it can't export. */
export function findExporter(): Exporter | undefined {
  // The API returns a proxy of the registered provider.
  const provider = trace.getTracerProvider() as Provider;
  const registered = provider.getDelegate?.() ?? provider;
  if (registered.forceFlush === undefined) return undefined;
  return {
    flush: async () => {
      const meters = metrics.getMeterProvider() as Provider;
      await Promise.all([registered.forceFlush?.(), meters.forceFlush?.()]);
    },
    endUnfinished: registered.endUnfinished && ((reason) => registered.endUnfinished?.(reason)),
  };
}

let isDuringOutage = false;

/**
 * Exports the spans of an invocation: the platform freezes the process after the response. Never rejects, and
 * resolves after `timeoutMs` at the latest, before the function times out in `remainingMs`. After an export that did
 * not finish in time, the next ones may take a tenth of `timeoutMs`, until one finishes.
 */
export async function flushWithin(
  { flush }: Exporter,
  timeoutMs: number,
  remainingMs: () => number | undefined,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const allowedMs = isDuringOutage ? timeoutMs * PART_DURING_OUTAGE : timeoutMs;
    const waitMs = Math.min(allowedMs, (remainingMs() ?? Infinity) - RESERVED_MS);
    // Also without time to wait: the platform may let the process run for longer.
    const flushed = flush().then(
      () => {
        isDuringOutage = false;
      },
      (fault: unknown) => reportFailure('exporting the spans of an invocation', fault),
    );
    if (waitMs <= 0) return;
    const timeout = new Promise<void>((resolve) => {
      timer = originals.setTimeout(() => {
        isDuringOutage = true;
        resolve();
      }, waitMs);
    });
    await Promise.race([flushed, timeout]);
  } catch (fault) {
    reportFailure('exporting the spans of an invocation', fault);
  } finally {
    originals.clearTimeout(timer);
  }
}

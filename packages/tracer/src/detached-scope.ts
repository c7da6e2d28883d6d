import { AsyncResource } from 'node:async_hooks';
import { originals } from '@clew/core/internal';
import { guard } from '@clew/core/plugin';
import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';

/** The key under which OpenTelemetry's packages mark a context whose work is not to be traced. */
export const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

const suppressed = ROOT_CONTEXT.setValue(SUPPRESS_TRACING, true);

/**
 * Runs our timers and requests outside of the request that happened to end a span: its context is neither
 * kept alive nor seen by the sockets, and nothing that runs here is traced.
 */
export class DetachedScope {
  readonly #resource = new AsyncResource('ClewExport');

  run<T>(work: () => T): T {
    return this.#resource.runInAsyncScope(() => context.with(suppressed, work));
  }

  /** A timer that does not keep the process alive. What `work` throws is logged: it must not end the application. */
  later(delayMs: number, work: () => void): NodeJS.Timeout {
    return this.run(() => originals.setTimeout(() => guard('exporting', work), delayMs).unref());
  }

  /** Like {@link later}, in the next turn; keeps the process alive until then. */
  soon(work: () => void): void {
    this.run(() => originals.setImmediate(() => guard('exporting', work)));
  }
}

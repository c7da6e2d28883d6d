import { AsyncResource } from 'node:async_hooks';
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

  /** A timer that does not keep the process alive. */
  later(delayMs: number, work: () => void): NodeJS.Timeout {
    return this.run(() => setTimeout(work, delayMs).unref());
  }
}

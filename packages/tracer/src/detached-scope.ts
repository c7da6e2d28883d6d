import { AsyncResource } from 'node:async_hooks';
import { suppressTracing } from '@clew/core';
import { guard, originals } from '@clew/core/internal';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';

const suppressed = suppressTracing(ROOT_CONTEXT);

/**
 * Runs the tracer's timers and requests outside the context of the request that happened to end a span: that
 * context is neither kept alive nor propagated to the sockets, and nothing that runs here is traced.
 */
export class DetachedScope {
  readonly #resource = new AsyncResource('ClewExport');

  run<T>(work: () => T): T {
    return this.#resource.runInAsyncScope(() => context.with(suppressed, work));
  }

  /** Sets a timer that does not keep the process alive. Errors from `work` are logged, not thrown. */
  later(delayMs: number, work: () => void): NodeJS.Timeout {
    return this.run(() => originals.setTimeout(() => guard('exporting', work), delayMs).unref());
  }

  /** Runs `work` in the next turn of the event loop; keeps the process alive until then. Errors are logged. */
  soon(work: () => void): void {
    this.run(() => originals.setImmediate(() => guard('exporting', work)));
  }
}

import { AsyncResource } from 'node:async_hooks';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';
import * as originals from '../kit/originals.ts';
import { suppressTracing } from './suppression.ts';

const suppressed = suppressTracing(ROOT_CONTEXT);

/**
 * Runs timers and requests of Clew outside the context of the request that happened to start them: that context is
 * neither kept alive nor propagated to the sockets, and nothing that runs here is traced.
 */
export class DetachedScope {
  readonly #resource: AsyncResource;
  readonly #activity: string;

  /**
   * @param type the type of its async resource: `ClewExport`
   * @param activity what fails if a timer's work throws: `exporting`
   */
  constructor(type: string, activity: string) {
    this.#resource = new AsyncResource(type);
    this.#activity = activity;
  }

  run<T>(work: () => T): T {
    return this.#resource.runInAsyncScope(() => context.with(suppressed, work));
  }

  /** Sets a timer that does not keep the process alive. Errors from `work` are logged, not thrown. */
  later(delayMs: number, work: () => void): NodeJS.Timeout {
    return this.run(() => originals.setTimeout(() => guard(this.#activity, work), delayMs).unref());
  }

  /** Runs `work` in the next turn of the event loop; keeps the process alive until then. Errors are logged. */
  soon(work: () => void): void {
    this.run(() => originals.setImmediate(() => guard(this.#activity, work)));
  }
}

import { AsyncResource } from 'node:async_hooks';
import { suppressTracing } from '@clew/core';
import { guard, originals } from '@clew/core/internal';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';

const suppressed = suppressTracing(ROOT_CONTEXT);

/** Runs a provider's timers and requests outside of any request of the application. Nothing that runs here is traced. */
export class Background {
  readonly #resource = new AsyncResource('ClewSampling');

  /** Runs `work`; an error is logged, and `undefined` is returned. */
  run<T>(work: () => T): T | undefined {
    return guard('loading sampling rules', () =>
      this.#resource.runInAsyncScope(() => context.with(suppressed, work)),
    );
  }

  /** Sets a timer that does not keep the process alive. Errors of `work` are logged. */
  later(delayMs: number, work: () => void): NodeJS.Timeout {
    return originals.setTimeout(() => this.run(work), delayMs).unref();
  }
}

import { type SpanContext, trace } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';
import { observePromise } from '../kit/observe-promise.ts';
import type { Tools } from '../kit/target.ts';
import { currentContext } from '../operation.ts';
import { startCall } from './client.ts';
import type { CallParts } from './client-call.ts';
import type { ClientOptions } from './client-options.ts';

/** Work that one call does and others wait for, such as fetching a token. */
export interface SharedWork {
  /**
   * Runs the SDK's function that does the work. It has a span, which is a child of the call that needs the result first.
   *
   * @param owner the object that has the result: the credentials, the client
   */
  work<T>(owner: object, run: () => T): T;
  /**
   * Runs the SDK's function that returns the result, and that starts the work or waits for it where necessary. If the
   * work has started before, the span that is current gets a link to it.
   */
  wait<T>(owner: object, run: () => T): T;
}

/**
 * Traces work that concurrent calls share. Wrap the function that does the work in `work`, and the function that all
 * callers call in `wait`.
 *
 * @example
 * const tokens = client.sharedWork(tools, () => ({ operation: fetchToken }));
 * tools.wrap(Auth.prototype, 'fetchToken', (fetch) => function () { return tokens.work(this, () => fetch.call(this)); });
 * tools.wrap(Auth.prototype, 'token', (token) => function () { return tokens.wait(this, () => token.call(this)); });
 */
export function sharedWork(tools: Tools<ClientOptions>, describe: () => CallParts): SharedWork {
  const working = new WeakMap<object, SpanContext>();
  return {
    work(owner, run) {
      const call = startCall(tools, describe);
      if (call === undefined) return run();
      const worker = call.span.spanContext();
      if (call.recording) working.set(owner, worker);
      const finish = () => {
        if (working.get(owner) === worker) working.delete(owner);
      };
      try {
        return call.settle(observePromise(call.run(run), finish, finish));
      } catch (error) {
        finish();
        throw error;
      }
    },
    wait(owner, run) {
      const worker = working.get(owner);
      if (worker !== undefined) guard(`${tools.name}: adding a link`, () => link(worker));
      return run();
    },
  };
}

function link(worker: SpanContext): void {
  const span = trace.getSpan(currentContext());
  if (span?.isRecording() && span.spanContext().spanId !== worker.spanId) span.addLink({ context: worker });
}

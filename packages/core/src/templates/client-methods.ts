import type { Tools } from '../kit/target.ts';
import { bindCallback } from '../operation.ts';
import { startCall } from './client.ts';
import { type CallParts, callOf } from './client-call.ts';
import type { StreamView } from './client-consumption.ts';
import type { ClientOptions } from './client-options.ts';
import { traceStream } from './client-stream.ts';

/** How a plugin reads the calls of one method. */
export interface MethodView<Args extends readonly unknown[]> {
  /** Describes a call. */
  call(...args: Args): CallParts;
  /** Returns how the result is read if it is a stream, and `undefined` for any other result. */
  stream?(result: object): StreamView<never> | undefined;
}

type Method = (this: unknown, ...args: never[]) => unknown;
type AnyMethod = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Traces a method that sends a request and returns a promise, whose result may be a stream.
 *
 * @example
 * client.traceMethod(tools, Client.prototype, 'send', {
 *   call: (method: string, options?: CallOptions) => ({ operation: operationOf(method), signal: options?.signal }),
 * });
 */
export function traceMethod<Args extends readonly unknown[]>(
  tools: Tools<ClientOptions>,
  object: object,
  name: string,
  view: MethodView<Args>,
): void {
  tools.wrap<Method>(
    object,
    name,
    (original) =>
      function (...args) {
        const call = startCall(tools, () => view.call(...(args as unknown as Args)));
        if (call === undefined) return original.apply(this, args);
        return call.settle(
          call.run(() => original.apply(this, args)),
          (result) => {
            if (view.stream === undefined || typeof result !== 'object' || result === null) return;
            const streamView = view.stream(result);
            if (streamView !== undefined) traceStream(call, result, streamView);
          },
        );
      },
  );
}

/** Notes each call of the method that sends a request again. */
export function traceRetries(tools: Tools<unknown>, object: object, name: string): void {
  tools.wrap<AnyMethod>(
    object,
    name,
    (original) =>
      function (...args) {
        callOf()?.retry();
        return original.apply(this, args);
      },
  );
}

/** Runs each function that is passed to the method, such as a job of a queue, in the context of the code that passes it. */
export function bindJobs(tools: Tools<unknown>, object: object, name: string): void {
  tools.wrap<AnyMethod>(
    object,
    name,
    (original) =>
      function (...args) {
        return original.apply(this, args.map(bindCallback));
      },
  );
}

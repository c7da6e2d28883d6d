import type { Tools } from '../kit/target.ts';
import type { ClientCall } from './client-call.ts';

/**
 * The promise of an SDK that parses the body of a response when its result is awaited, as the SDKs that Stainless
 * generates do: `then` calls `parse`, `asResponse` returns the response without parsing it, and promises derived from it
 * share `responsePromise`.
 */
export interface ResponsePromise<Result> extends Promise<Result> {
  readonly responsePromise: object;
  /** What `parse` returned. */
  parsedPromise?: Promise<unknown> | undefined;
}

interface Pending {
  readonly call: ClientCall;
  readonly deliver: (result: unknown) => void;
  isParsed: boolean;
}

type Parse = (this: ResponsePromise<unknown>) => Promise<unknown>;

/** The calls by their `responsePromise`. */
const pending = new WeakMap<object, Pending>();

/**
 * Ends a call with the result of its promise, which is not replaced and whose body is not parsed by this. If the
 * application asks only for the response, the call ends when the response has arrived; if it asks for nothing, when the
 * promise is garbage. `deliver` is that of `ClientCall.settle`.
 */
export function settleResponse<Result extends object>(
  tools: Tools<unknown>,
  call: ClientCall,
  promise: Result,
  deliver: (result: unknown) => void,
): Result {
  if (!call.observed) return promise;
  const { responsePromise } = promise as Partial<ResponsePromise<unknown>>;
  if (responsePromise === undefined || typeof Reflect.get(promise, 'parse') !== 'function')
    return call.settle(promise, deliver);
  const prototype = Object.getPrototypeOf(promise) as object;
  tools.once(prototype, () => patch(tools, prototype));
  pending.set(responsePromise, { call, deliver, isParsed: false });
  call.endWithout(responsePromise);
  return promise;
}

function patch(tools: Tools<unknown>, prototype: object): void {
  tools.wrap<Parse>(
    prototype,
    'parse',
    (parse) =>
      function () {
        const entry = pending.get(this.responsePromise);
        if (entry === undefined || entry.isParsed) return parse.call(this);
        entry.isParsed = true;
        const { call, deliver } = entry;
        call.endWithout(undefined);
        // A retry while the body is read belongs to the call.
        const parsed = call.settle(
          call.run(() => parse.call(this)),
          deliver,
        );
        if (this.parsedPromise !== undefined) this.parsedPromise = parsed;
        return parsed;
      },
  );
  tools.wrap<Parse>(
    prototype,
    'asResponse',
    (asResponse) =>
      function () {
        const response = asResponse.call(this);
        const entry = pending.get(this.responsePromise);
        return entry === undefined || entry.isParsed ? response : entry.call.settle(response);
      },
  );
}

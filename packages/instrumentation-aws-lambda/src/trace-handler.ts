import { isTracingSuppressed } from '@clew/core';
import {
  type AnyFunction,
  currentContext,
  dress,
  guard,
  isPromise,
  observePromise,
  resolveOptions,
  type TrustOption,
} from '@clew/core/plugin';
import { type Tracer, trace } from '@opentelemetry/api';
import { type Flush, findExporter, flushWithin } from './flush.ts';
import { Invocation, invocationOf, type LambdaContext } from './invocation.ts';
import { type Callback, traceContextMethods, tracedCallback } from './old-responses.ts';
import { options as kinds, type LambdaOptions } from './options.ts';
import { streamedResponse } from './streamed-status.ts';
import { watchTimeLimit } from './time-limit.ts';
import { awaitCallback } from './unfinished-invocations.ts';

declare const __VERSION__: string;

const NAME = '@clew/instrumentation-aws-lambda';

/** Options of {@link traceHandler}. */
export interface HandlerOptions {
  /** Which callers are trusted, by HTTP path, queue, topic or function; default: the propagation defaults of the process. */
  readonly trust?: TrustOption;
  /** Whether spans are exported before each response. Default `true`. */
  readonly flush?: boolean;
  /** Maximum duration of this export in milliseconds: [0, 60000], default 1000, never longer than the function may run. */
  readonly flushTimeoutMs?: number;
  /** How many milliseconds before the function times out its open spans are exported: [0, 10000], default 500, 0 never. */
  readonly timeoutReserveMs?: number;
}

/**
 * Returns a handler for AWS Lambda that is traced: each invocation is a SERVER span, and messages are a CONSUMER span
 * below it. It has the name, length and properties of the given one, and the same result or error. An error that it
 * throws at once becomes a rejection if spans have to be exported first. The handler that `_HANDLER` names is traced
 * without it. Throws a TypeError for invalid arguments.
 *
 * @example
 * export const handler = traceHandler(async (event) => ({ statusCode: 200 }));
 */
export function traceHandler<Handler extends AnyFunction>(
  handler: Handler,
  options: HandlerOptions = {},
): Handler {
  if (typeof handler !== 'function')
    throw new TypeError(`${NAME}: expected handler to be a function, got ${typeof handler}`);
  const settings = resolveOptions(NAME, kinds, options);
  return traced(
    handler,
    () => settings,
    () => trace.getTracer(NAME, __VERSION__),
  );
}

/** Returns a traced handler, whose options and tracer are read with each invocation. */
export function traced<Handler extends AnyFunction>(
  handler: Handler,
  options: () => LambdaOptions,
  tracer: () => Tracer,
): Handler {
  const called = handler as unknown as (...args: unknown[]) => unknown;
  const tracing = function (this: unknown, ...args: unknown[]): unknown {
    const { trust, flush: flushes, flushTimeoutMs, timeoutReserveMs } = options();
    // The handler of a streamed response has the stream before the context.
    const streams = isStream(args[1]);
    const context = (args[streams ? 2 : 1] ?? {}) as LambdaContext;
    const current = currentContext();
    // A handler that is traced twice: by its file, and by the function that it calls.
    if (isTracingSuppressed(current) || invocationOf(current)?.context === context)
      return Reflect.apply(called, this, args);
    const invocation = guard(
      'tracing an invocation',
      () => new Invocation(tracer(), args[0], context, trust),
    );
    if (invocation === undefined) return Reflect.apply(called, this, args);
    const exporter = flushes ? guard('looking for the tracer', findExporter) : undefined;
    if (exporter !== undefined)
      invocation.onEnd(watchTimeLimit(invocation, context, timeoutReserveMs, exporter));
    const flush =
      exporter && (() => flushWithin(exporter, flushTimeoutMs, () => context.getRemainingTimeInMillis?.()));
    const hasCallback = !streams && typeof args[2] === 'function';
    const given = hasCallback ? args.with(2, tracedCallback(invocation, flush, args[2] as Callback)) : args;
    guard('tracing the methods of the context', () => traceContextMethods(invocation, flush, context));
    let result: unknown;
    try {
      result = invocation.run(() => Reflect.apply(called, this, given));
    } catch (error) {
      if (flush === undefined) throw error;
      // The runtime treats both in the same way, and freezes the process.
      return flush().then(() => {
        throw error;
      });
    }
    if (isPromise(result))
      return settled(invocation, flush, result, streams ? (args[1] as object) : undefined);
    if (hasCallback && !invocation.ended) awaitCallback(invocation);
    else {
      invocation.succeed(result);
      void flush?.();
    }
    return result;
  };
  return dress(tracing as AnyFunction, handler) as Handler;
}

function isStream(value: unknown): boolean {
  return typeof (value as { readonly write?: unknown } | null | undefined)?.write === 'function';
}

function settled<T extends PromiseLike<unknown>>(
  invocation: Invocation,
  flush: Flush | undefined,
  result: T,
  stream: object | undefined,
): unknown {
  const observed = observePromise(
    result,
    (value) => invocation.succeed(stream === undefined ? value : streamedResponse(stream)),
    (error) => invocation.fail(error),
  );
  return flush === undefined ? observed : flushAfter(flush, observed);
}

async function flushAfter(flush: Flush, result: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await result;
  } finally {
    await flush();
  }
}

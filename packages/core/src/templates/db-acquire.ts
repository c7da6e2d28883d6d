import { type Context, context, createContextKey, SpanKind } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';
import { observePromise } from '../kit/observe-promise.ts';
import { monotonicNow, wallNow } from '../kit/originals.ts';
import type { Tools } from '../kit/target.ts';
import type { ChannelOperation } from '../kit/tracing-channel.ts';
import { type AnyCallback, currentContext, Operation, withShapeOf } from '../operation.ts';
import { ATTR } from '../semconv.ts';
import { databaseAttributes } from './db-attributes.ts';
import { statusCodeOf } from './db-error.ts';
import { measureWait, metricsOf } from './db-metrics.ts';
import type { CommandOptions } from './db-options.ts';
import { queryContext } from './db-parent.ts';
import type { Database } from './db-query.ts';
import { isRecorded } from './recorded-call.ts';

/** Shorter waits are not recorded: getting an idle connection takes a few turns of the event loop, too. */
const MIN_WAIT_MS = 1;

/** The wait for a pool in the context in which the pool opens a connection. */
const KEY = createContextKey('clew.db.pool-wait');

/** The waits by connection, until a query takes them. */
const waits = new WeakMap<object, number>();

/**
 * Starts to measure the wait for a connection of a pool; `undefined` if it is not traced. The wait becomes an
 * attribute of the first query whose description has the connection. If no connection could be acquired, that is a span
 * `acquire connection` with the error, because the query never runs. `describe` is called only then, and for metrics.
 *
 * @example
 * const wait = db.startAcquire(tools, () => databaseOf(this));
 * return wait === undefined ? acquire.call(this) : wait.settle(wait.run(() => acquire.call(this)));
 */
export function startAcquire(tools: Tools<CommandOptions>, describe: () => Database): PoolWait | undefined {
  const parent = queryContext();
  if (parent === undefined) return undefined;
  if (!isRecorded(tools, parent) && tools.meter === undefined) return undefined;
  return new PoolWait(tools, parent, describe, 'acquire connection');
}

/**
 * Like `startAcquire`, for a connection that the application opens without a pool: a failure is a span `connect`, and the
 * time is not recorded. `undefined` if a pool opens the connection within `run` of its wait: that wait reports the failure.
 */
export function startConnect(tools: Tools<CommandOptions>, describe: () => Database): PoolWait | undefined {
  const parent = queryContext();
  if (parent === undefined || !isRecorded(tools, parent)) return undefined;
  const pool = parent.getValue(KEY) as PoolWait | undefined;
  if (pool?.recording) return undefined;
  return new PoolWait(tools, parent, describe, 'connect');
}

/** How long a query waited for its connection, in milliseconds; only for the first query after the wait. */
export function takeWait(connection: object | undefined): number | undefined {
  if (connection === undefined) return undefined;
  const waitMs = waits.get(connection);
  if (waitMs !== undefined) waits.delete(connection);
  return waitMs;
}

/** The wait for a connection of a pool, or for a new one. With `tools.traceChannel`, `finish` calls `acquired`. */
export class PoolWait implements ChannelOperation {
  readonly context = undefined;
  ended = false;
  readonly #tools: Tools<CommandOptions>;
  readonly #parent: Context;
  readonly #describe: () => Database;
  readonly #name: 'acquire connection' | 'connect';
  readonly #startedMs = monotonicNow();

  constructor(
    tools: Tools<CommandOptions>,
    parent: Context,
    describe: () => Database,
    name: 'acquire connection' | 'connect',
  ) {
    this.#tools = tools;
    this.#parent = parent;
    this.#describe = describe;
    this.#name = name;
  }

  get recording(): boolean {
    return !this.ended;
  }

  /** Calls the pool. A connection that fails within the call is reported once, even if the driver's plugin sees it, too. */
  run<T>(acquire: () => T): T {
    return context.with(this.#parent.setValue(KEY, this), acquire);
  }

  /** Ends the wait: the connection was acquired. */
  acquired(connection: unknown): void {
    if (this.ended) return;
    this.ended = true;
    if (!this.#isForPool) return;
    const waitMs = this.#elapsedMs();
    this.#measure(waitMs);
    if (typeof connection !== 'object' || connection === null) return;
    if (waitMs >= MIN_WAIT_MS) waits.set(connection, waitMs);
    // The previous user of the connection may have sent no query.
    else waits.delete(connection);
  }

  /** Ends the wait: no connection was acquired. */
  fail(error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    const waitMs = this.#elapsedMs();
    this.#measure(waitMs, error);
    if (!isRecorded(this.#tools, this.#parent)) return;
    guard(`${this.#tools.name}: starting a span`, () => {
      const database = this.#describe();
      const attributes = databaseAttributes(database);
      const status = statusCodeOf(error, database.system);
      if (status !== undefined) attributes[ATTR.dbResponseStatusCode] = status;
      const options = { kind: SpanKind.CLIENT, attributes, startTime: wallNow() - waitMs };
      const span = this.#tools.tracer.startSpan(this.#name, options, this.#parent);
      const acquire = new Operation(span, this.#parent);
      acquire.fail(error);
      acquire.end();
    });
  }

  /** Ends the wait without a result. */
  end(): void {
    this.ended = true;
  }

  /** Ends the wait when the promise of a connection settles. Return the result in place of the promise. */
  settle<T>(promise: T): T {
    return observePromise(
      promise,
      (connection) => this.acquired(connection),
      (error) => this.fail(error),
    );
  }

  /** Returns a callback `(error, connection, ...)` to give to the pool. `fn` runs in the context that is current now. */
  callback<F>(fn: F): F {
    if (typeof fn !== 'function') return fn;
    const caller = currentContext();
    const called = fn as unknown as AnyCallback;
    const wait = this;
    return withShapeOf(called, function (this: unknown, ...args: unknown[]): unknown {
      const [error, connection] = args;
      if (error) wait.fail(error);
      else wait.acquired(connection);
      return context.with(caller, called, this, ...args);
    }) as F;
  }

  get #isForPool(): boolean {
    return this.#name === 'acquire connection';
  }

  #elapsedMs(): number {
    return monotonicNow() - this.#startedMs;
  }

  #measure(waitMs: number, error?: unknown): void {
    const { meter } = this.#tools;
    if (meter === undefined || !this.#isForPool) return;
    guard('recording a metric', () => measureWait(metricsOf(meter), this.#describe(), waitMs, error));
  }
}

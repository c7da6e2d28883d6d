import type { Meter } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';
import { perObject } from '../kit/per-object.ts';
import type { Tools } from '../kit/target.ts';
import { ATTR } from '../semconv.ts';
import { type Database, poolNameOf } from './db-query.ts';

/** The connections of a pool. */
export interface PoolState {
  readonly idle: number;
  readonly used: number;
  /** The requests that wait for a connection. */
  readonly pending: number;
  readonly max?: number | undefined;
}

interface ObservedPool {
  readonly name: string;
  readonly isCollected: () => boolean;
  readonly read: () => PoolState | undefined;
}

/** More pools than an application has at a time: those that are collected are removed before more are added. */
const MANY_POOLS = 64;

/**
 * Observes the connections of a pool for the metrics `db.client.connection.count`, `.max` and `.pending_requests`, if a
 * MeterProvider is set. Call it whenever the application uses the pool: it is added once for each meter, also if the
 * MeterProvider is set later. `describe` is called only then. The pool is not kept alive: `describe` and `read` get it as
 * their argument and must not refer to it otherwise.
 * Source: https://opentelemetry.io/docs/specs/semconv/db/database-metrics/
 */
export function observePool<Pool extends object>(
  tools: Tools<unknown>,
  pool: Pool,
  describe: (pool: Pool) => Database,
  read: (pool: Pool) => PoolState,
): void {
  const { meter } = tools;
  if (meter === undefined || observed(meter).has(pool)) return;
  observed(meter).add(pool);
  guard(`${tools.name}: observing a pool`, () => {
    const pools = poolsOf(meter);
    if (pools.size >= MANY_POOLS) removeCollected(pools);
    const reference = new WeakRef(pool);
    pools.add({
      name: poolNameOf(describe(pool)),
      isCollected: () => reference.deref() === undefined,
      read: () => {
        const alive = reference.deref();
        return alive && read(alive);
      },
    });
  });
}

/** The pools that have been added. */
const observed = perObject((_meter: Meter) => new WeakSet<object>());

const poolsOf = perObject((meter: Meter): Set<ObservedPool> => {
  const pools = new Set<ObservedPool>();
  const count = meter.createObservableUpDownCounter('db.client.connection.count', {
    description: 'The number of connections that are currently in the state described by the attribute.',
    unit: '{connection}',
  });
  const max = meter.createObservableUpDownCounter('db.client.connection.max', {
    description: 'The maximum number of open connections allowed.',
    unit: '{connection}',
  });
  const pending = meter.createObservableUpDownCounter('db.client.connection.pending_requests', {
    description: 'The number of requests that are waiting for a connection.',
    unit: '{request}',
  });
  meter.addBatchObservableCallback(
    (result) => {
      removeCollected(pools);
      for (const { name, state } of statesOf(pools)) {
        const attributes = { [ATTR.dbClientConnectionPoolName]: name };
        const stateKey = ATTR.dbClientConnectionState;
        result.observe(count, state.idle, { ...attributes, [stateKey]: 'idle' });
        result.observe(count, state.used, { ...attributes, [stateKey]: 'used' });
        result.observe(pending, state.pending, attributes);
        if (state.max !== undefined) result.observe(max, state.max, attributes);
      }
    },
    [count, max, pending],
  );
  return pools;
});

/** Pools with the same name are one in the metrics. */
function statesOf(pools: ReadonlySet<ObservedPool>): { readonly name: string; readonly state: PoolState }[] {
  const byName = new Map<string, PoolState>();
  for (const { name, read } of pools) {
    const state = guard('reading the state of a pool', read);
    if (state !== undefined) byName.set(name, sum(byName.get(name), state));
  }
  return Array.from(byName, ([name, state]) => ({ name, state }));
}

function sum(one: PoolState | undefined, other: PoolState): PoolState {
  if (one === undefined) return other;
  return {
    idle: one.idle + other.idle,
    used: one.used + other.used,
    pending: one.pending + other.pending,
    max: one.max === undefined || other.max === undefined ? undefined : one.max + other.max,
  };
}

function removeCollected(pools: Set<ObservedPool>): void {
  for (const pool of pools) {
    if (pool.isCollected()) pools.delete(pool);
  }
}

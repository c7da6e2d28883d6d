import { bindCallback, type Database, db, guard, type PoolWait } from '@clew/core/plugin';
import { databaseOf, type PgTools, type Pool } from './pg.ts';

type Call = (this: Pool, ...args: unknown[]) => unknown;

const databases = new WeakMap<Pool, Database>();
let creating = 0;

/** Whether a pool is creating the client whose `connect` is called now. */
export function isCreatingClient(): boolean {
  return creating > 0;
}

/** Patches the class of pools. */
export function patchPool(tools: PgTools, prototype: object): void {
  tools.wrap<Call>(
    prototype,
    'connect',
    (connect) =>
      function (...args) {
        const wait = db.startAcquire(tools, () => databaseOfPool(this));
        const hasCallback = replaceCallback(wait, args);
        const connected = connect.apply(this, args);
        observe(tools, this);
        return wait === undefined || hasCallback ? connected : wait.settle(connected);
      },
  );

  tools.wrap<Call>(
    prototype,
    'newClient',
    (create) =>
      function (...args) {
        creating++;
        try {
          return create.apply(this, args);
        } finally {
          creating--;
        }
      },
  );
}

/**
 * Replaces the callback among the arguments of `connect`. Returns false if the application passed no callback, in which
 * case `connect` returns a promise.
 */
export function replaceCallback(wait: PoolWait | undefined, args: unknown[]): boolean {
  const [callback] = args;
  if (typeof callback !== 'function') return false;
  args[0] = wait?.callback(callback) ?? bindCallback(callback);
  return true;
}

function observe(tools: PgTools, pool: Pool): void {
  if (!databases.has(pool)) guard(`${tools.name}: observing a pool`, () => learnDatabase(pool));
  if (databases.has(pool)) db.observePool(tools, pool, databaseOfPool, stateOf);
}

/** A pool's options do not have to name the database, but its first client knows it. */
function learnDatabase(pool: Pool): void {
  const [client] = pool._clients ?? [];
  if (client !== undefined) databases.set(pool, databaseOf(client));
}

function databaseOfPool(pool: Pool): Database {
  return databases.get(pool) ?? { system: 'postgresql' };
}

function stateOf({ idleCount, totalCount, waitingCount, options }: Pool) {
  return { idle: idleCount, used: totalCount - idleCount, pending: waitingCount, max: options.max };
}

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
        const wait = db.startAcquire(tools, () => databases.get(this) ?? { system: 'postgresql' });
        const connected = waitFor(wait, args, () => connect.apply(this, args));
        guard(`${tools.name}: observing a pool`, () => learnDatabase(tools, this));
        return connected;
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

/** Calls `connect`, which takes a callback as its first argument or else returns a promise. */
export function waitFor<T>(wait: PoolWait | undefined, args: unknown[], connect: () => T): T {
  const [callback] = args;
  if (typeof callback !== 'function') return wait === undefined ? connect() : wait.settle(connect());
  args[0] = wait?.callback(callback) ?? bindCallback(callback);
  return connect();
}

/** A pool's options do not have to name the database, but its first client knows it. */
function learnDatabase(tools: PgTools, pool: Pool): void {
  if (databases.has(pool)) return;
  const [client] = pool._clients ?? [];
  if (client === undefined) return;
  const database = databaseOf(client);
  databases.set(pool, database);
  db.observePool(tools, pool, database, ({ idleCount, totalCount, waitingCount, options }) => ({
    idle: idleCount,
    used: totalCount - idleCount,
    pending: waitingCount,
    max: options.max,
  }));
}

import { bindCallback, type Database, db } from '@clew/core/plugin';
import { databaseOf, type Mysql2Tools, type Pool } from './mysql2.ts';
import { requestAs } from './sent-query.ts';

type Acquired = (error: unknown, connection?: object) => void;
type GetConnection = (this: Pool, callback: Acquired) => unknown;

/** Patches the request for a connection, which the query methods of a pool use, too. */
export function patchPools(tools: Mysql2Tools, prototype: Pool, hasChannels: boolean): void {
  const waiting = new WeakSet<object>();

  tools.wrap<GetConnection>(
    prototype,
    'getConnection',
    (getConnection) =>
      function (callback) {
        db.observePool(tools, this, databaseOfPool, stateOf);
        // A pool that has lost a connection requests another one for a request that waits.
        const isRepeated = waiting.has(callback);
        const passed = hasChannels || isRepeated ? callback : traced(tools, this, callback);
        const queue = this._connectionQueue;
        const length = queue.length;
        const result = requestAs({ isRepeated }, () => getConnection.call(this, passed));
        const last = queue.length > length ? queue.get(length) : undefined;
        if (last !== undefined) waiting.add(last);
        return result;
      },
  );
}

function traced(tools: Mysql2Tools, pool: Pool, callback: Acquired): Acquired {
  const wait = db.startAcquire(tools, () => databaseOfPool(pool));
  return wait === undefined ? bindCallback(callback) : wait.callback(callback);
}

function databaseOfPool({ config }: Pool): Database {
  return databaseOf(config.connectionConfig);
}

function stateOf({ config, _allConnections, _freeConnections, _connectionQueue }: Pool) {
  return {
    idle: _freeConnections.length,
    used: _allConnections.length - _freeConnections.length,
    pending: _connectionQueue.length,
    max: config.connectionLimit || undefined,
  };
}

import { emitters } from '@clew/core/plugin';
import type { Connection, Mysql2, Mysql2Tools, Pool } from './mysql2.ts';
import { patchConnecting } from './patch-connecting.ts';
import { patchPools } from './patch-pools.ts';
import { patchQueries } from './patch-queries.ts';
import { patchStatements } from './patch-statements.ts';

/** Patches what the channels lack, and every query of a version without channels. */
export function patch(moduleExports: unknown, tools: Mysql2Tools): void {
  const { Connection, Pool } = moduleExports as Mysql2;
  patchConnection(Connection, tools);
  patchPool(Pool, tools);
}

/** Patches the class of connections, which `lib/connection.js` exports. */
export function patchConnection(moduleExports: unknown, tools: Mysql2Tools): void {
  const connectionClass = moduleExports as Mysql2['Connection'];
  const prototype: Connection = ownerOf(connectionClass.prototype, 'query');
  const command = connectionClass.createQuery('', undefined, undefined, {});
  emitters.emitInOwnContext(tools, Object.getPrototypeOf(Object.getPrototypeOf(command)));
  patchConnecting(tools, prototype);
  patchQueries(tools, prototype, connectionClass, publishes(prototype.query));
  patchStatements(tools, prototype);
}

/** Patches the class of pools, which `lib/pool.js` exports. */
export function patchPool(moduleExports: unknown, tools: Mysql2Tools): void {
  const prototype: Pool = ownerOf((moduleExports as Mysql2['Pool']).prototype, 'getConnection');
  patchPools(tools, prototype, publishes(prototype.getConnection));
}

/**
 * The last prototype of the chain that has the method. In some versions, it belongs to a base class, which the connections
 * of a pool extend directly instead of the exported class.
 */
function ownerOf<T extends object>(prototype: T, method: keyof T): T {
  const parent = Object.getPrototypeOf(prototype) as T;
  return method in parent ? ownerOf(parent, method) : prototype;
}

/** Whether a function publishes to a channel: its source names a property of the message, which minifiers keep. */
function publishes(fn: unknown): boolean {
  return String(fn).includes('serverAddress');
}

import { type RedisServer, redis } from '@clew/core/plugin';
import type { Command, Redis } from './ioredis.ts';

/** The server of a client; unknown for a cluster, which chooses a node for each command. */
export function serverOf({ options, condition, stream, isCluster }: Redis): RedisServer {
  if (isCluster) return {};
  const { db = 0, host = 'localhost', port = 6379, path, sentinels } = options ?? {};
  const index = condition?.select ?? db;
  if (sentinels) return { index, address: stream?.remoteAddress, port: stream?.remotePort };
  return path ? { index, address: path } : { index, address: host, port };
}

/** The first error among the replies of a pipeline, and the one of EXEC before those that caused it. */
export function errorIn(replies: unknown): unknown {
  if (!Array.isArray(replies)) return undefined;
  const [error, values] = (replies.at(-1) ?? []) as readonly unknown[];
  return error ?? replies.find((reply) => reply?.[0])?.[0] ?? redis.firstError(values);
}

/** Whether a transaction or pipeline has no commands apart from MULTI and EXEC. */
export function isEmpty(queue: readonly Command[]): boolean {
  return !queue.some(isOwn);
}

/** How many commands a transaction or pipeline has, without MULTI and EXEC. */
export function sizeOf(queue: readonly Command[]): number {
  return queue.filter(isOwn).length;
}

function isOwn({ name }: Command): boolean {
  return name !== 'multi' && name !== 'exec';
}

import { printable } from '../printable.ts';
import { openMessaging } from './message-points.ts';
import { MissingClientError } from './optional-package.ts';
import type { PointStorage, StorageQuery } from './point-storage.ts';
import { openRedis } from './redis-points.ts';
import { openMysql, openPostgresql } from './sql-points.ts';
import { type StorageUrl, withoutPassword } from './storage-url.ts';

/**
 * Connects to a storage. All errors name the storage, except MissingClientError.
 */
export async function openStorage(at: StorageUrl, query: StorageQuery): Promise<PointStorage<unknown>> {
  const named = (error: unknown) => {
    if (error instanceof MissingClientError) return error;
    const { message, code } = error as { readonly message?: string; readonly code?: string };
    // The error for several addresses of a host has only a code.
    return new Error(`${withoutPassword(at.url)}: ${printable(message || code || String(error))}`);
  };
  const storage = await connect(at, query).catch((error: unknown) => {
    throw named(error);
  });
  return {
    limits: storage.limits ?? {},
    async *points() {
      try {
        yield* storage.points();
      } catch (error) {
        throw named(error);
      }
    },
    settle(receipts) {
      try {
        storage.settle?.(receipts);
      } catch (error) {
        throw named(error);
      }
    },
    close: () => storage.close(),
  };
}

function connect({ kind, url }: StorageUrl, query: StorageQuery): Promise<PointStorage<unknown>> {
  switch (kind) {
    case 'redis':
      return openRedis(url, query);
    case 'postgresql':
      return openPostgresql(url, query);
    case 'mysql':
      return openMysql(url, query);
    case 'messaging':
      return openMessaging(url, query);
  }
}

import { uuidOfTraceId } from '@clew/osprofiler/uuids';
import { FLAG, TEXT } from '../command.ts';
import { interruption } from '../interruption.ts';
import { plural } from '../plural.ts';
import { printable } from '../printable.ts';
import { numberIn, UsageError } from '../usage-error.ts';
import { FOLLOW_INTERVAL_MS, type ImportTally, importPoints } from './import-points.ts';
import { openStorage } from './open-storage.ts';
import type { PointStorage, StorageQuery } from './point-storage.ts';
import { type StorageUrl, withoutPassword } from './storage-url.ts';
import type { TraceSink } from './trace-sink.ts';

/** The options for storages of OSProfiler. */
export const STORAGE_OPTIONS = { follow: FLAG, last: TEXT, queue: TEXT, exchange: TEXT } as const;

type StorageOptions = {
  readonly follow?: boolean;
  readonly last?: string;
  readonly queue?: string;
  readonly exchange?: string;
};

const MAX_ID_CHARS = 255;

/** Throws UsageError if there is one of these options. */
export function rejectStorageOptions(options: StorageOptions): void {
  for (const name of ['follow', 'last', 'queue', 'exchange'] as const)
    if (options[name] !== undefined) throw new UsageError(`--${name} belongs to the URL of a storage`);
}

/** Imports trace points until there are no more, or until interrupted. Rejects with an Error for users. */
export async function importStorage(
  storage: StorageUrl,
  ids: readonly string[],
  options: StorageOptions,
  sink: TraceSink,
  tally: ImportTally,
): Promise<void> {
  const query = queryOf(storage, ids, options);
  const shown = withoutPassword(storage.url);
  const opened = await openStorage(storage, query);
  if (query.follow) return followPoints(opened, sink, tally, shown);
  await readPoints(opened, sink, tally);
  const [id] = ids;
  if (id !== undefined && tally.spans + tally.malformed + tally.rejected === 0)
    throw new Error(`no trace ${printable(id)} in ${shown}`);
}

function queryOf(
  { kind }: StorageUrl,
  [id, extra]: readonly string[],
  { follow = false, last, queue, exchange }: StorageOptions,
): StorageQuery {
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"`);
  if (id === '' || (id !== undefined && id.length > MAX_ID_CHARS))
    throw new UsageError(`expected a base id of 1 to ${MAX_ID_CHARS} characters, got ${id.length}`);
  if (kind === 'messaging') {
    if (id !== undefined)
      throw new UsageError('a queue takes no base id, because reading removes the points of all traces');
    if (last !== undefined) throw new UsageError('--last does not apply to a queue');
  } else if (queue !== undefined || exchange !== undefined)
    throw new UsageError('--queue and --exchange belong to amqp://');
  if (id !== undefined && last !== undefined) throw new UsageError('a base id excludes --last');
  return {
    baseIds: id === undefined ? [] : baseIdsOf(id),
    last: last === undefined ? 100 : numberIn('--last', last, 1, 1000),
    follow,
    queue: queue ?? 'profiler.info',
    exchange: exchange ?? 'openstack',
  };
}

/** A trace id, as other commands print it, is the base id without dashes. */
function baseIdsOf(id: string): string[] {
  return /^[\da-f]{32}$/i.test(id) ? [id, uuidOfTraceId(id.toLowerCase())] : [id];
}

async function readPoints(
  storage: PointStorage<unknown>,
  sink: TraceSink,
  tally: ImportTally,
): Promise<void> {
  try {
    await importPoints(storage, sink, tally);
  } finally {
    await storage.close();
  }
}

async function followPoints(
  storage: PointStorage<unknown>,
  sink: TraceSink,
  tally: ImportTally,
  shown: string,
): Promise<void> {
  const interrupted = interruption();
  const interval = plural(FOLLOW_INTERVAL_MS / 1000, 'second');
  process.stdout.write(`following ${shown}, every ${interval}, until interrupted\n`);
  try {
    await importPoints(storage, sink, tally, interrupted);
  } finally {
    await storage.close();
  }
}

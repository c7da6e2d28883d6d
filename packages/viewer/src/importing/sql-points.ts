import { loadClient } from './optional-package.ts';
import { MAX_POINT_CHARS, pointIn } from './osprofiler-point.ts';
import type { StoredPoint } from './point-pairs.ts';
import { PART, type PointStorage, type StorageQuery } from './point-storage.ts';

type Row = { readonly [column: string]: unknown };

/** A connection to a database. */
interface Database {
  /** Parameters are written as `?`. */
  query(sql: string, values: readonly unknown[]): Promise<readonly Row[]>;
  close(): Promise<unknown>;
}

const COLUMNS = 'id, timestamp, base_id, parent_id, trace_id, project, service, name, data';
/** A row may become visible after one with a higher id: of so many last ids, new rows are looked for again. */
const LOOKBACK = 200;
/** Of the type INTEGER, as in OSProfiler's table. */
const MAX_ID = 2 ** 31 - 1;

interface Pg {
  readonly Client: new (
    options: object,
  ) => {
    connect(): Promise<unknown>;
    query(sql: string, values: readonly unknown[]): Promise<{ readonly rows: readonly Row[] }>;
    on(event: 'error', listener: () => void): unknown;
    end(): Promise<unknown>;
  };
}

/** Connects to the PostgreSQL to which OSProfiler's driver writes. Rejects if the connection fails. */
export async function openPostgresql(url: URL, query: StorageQuery): Promise<PointStorage> {
  const { Client } = loadClient('postgresql', 'pg') as Pg;
  const client = new Client({ connectionString: url.href, connectionTimeoutMillis: 5000 });
  // Queries reject as well.
  client.on('error', () => {});
  await client.connect();
  const numbered = (sql: string) => {
    let number = 0;
    return sql.replaceAll('?', () => `$${++number}`);
  };
  return new SqlPoints(
    {
      query: async (sql, values) => (await client.query(numbered(sql), values)).rows,
      close: () => client.end(),
    },
    query,
  );
}

interface Mysql {
  createConnection(options: object): Promise<{
    query(sql: string, values: readonly unknown[]): Promise<readonly [unknown, unknown]>;
    on(event: 'error', listener: () => void): unknown;
    end(): Promise<unknown>;
  }>;
}

/** Connects to the MySQL or MariaDB to which OSProfiler's driver writes. Rejects if the connection fails. */
export async function openMysql(url: URL, query: StorageQuery): Promise<PointStorage> {
  const { createConnection } = loadClient('mysql', 'mysql2', 'mysql2/promise') as Mysql;
  const connection = await createConnection({ uri: url.href, connectTimeout: 5000 });
  connection.on('error', () => {});
  return new SqlPoints(
    {
      query: async (sql, values) => (await connection.query(sql, values))[0] as readonly Row[],
      close: () => connection.end(),
    },
    query,
  );
}

class SqlPoints implements PointStorage {
  readonly #database: Database;
  readonly #query: StorageQuery;
  /** The highest id that has been read; absent before the first call. */
  #last: number | undefined;
  /** The last ids that have been read. */
  #seen = new Set<number>();

  constructor(database: Database, query: StorageQuery) {
    this.#database = database;
    this.#query = query;
  }

  async *points(): AsyncGenerator<StoredPoint[]> {
    const { baseIds, last: count } = this.#query;
    if (this.#last !== undefined) {
      yield* this.#pages(baseIds, this.#last - LOOKBACK, MAX_ID);
      return;
    }
    const [newest] = await this.#database.query('SELECT MAX(id) AS id FROM data', []);
    const last = Number(newest?.id ?? 0);
    const recent = await this.#database.query('SELECT id FROM data WHERE id > ? AND id <= ?', [
      last - LOOKBACK,
      last,
    ]);
    this.#last = last;
    const ids = baseIds.length > 0 ? baseIds : await this.#newestTraces(count);
    if (ids.length > 0) yield* this.#pages(ids, 0, last);
    for (const { id } of recent) this.#seen.add(Number(id));
  }

  close(): Promise<unknown> {
    return this.#database.close();
  }

  async #newestTraces(count: number): Promise<string[]> {
    const rows = await this.#database.query(
      `SELECT base_id FROM data GROUP BY base_id ORDER BY MAX(id) DESC LIMIT ${count}`,
      [],
    );
    return rows.map(({ base_id }) => base_id).filter((id) => typeof id === 'string');
  }

  /** Yields the points with ids in (`after`, `upTo`], of these traces or of all. */
  async *#pages(baseIds: readonly string[], after: number, upTo: number): AsyncGenerator<StoredPoint[]> {
    const marks = baseIds.map(() => '?').join(', ');
    const ofTraces = baseIds.length > 0 ? `AND base_id IN (${marks})` : '';
    let from = after;
    for (;;) {
      const rows = await this.#database.query(
        `SELECT ${COLUMNS} FROM data WHERE id > ? AND id <= ? ${ofTraces} ORDER BY id LIMIT ${PART}`,
        [from, upTo, ...baseIds],
      );
      const unread = rows.filter(({ id }) => !this.#seen.has(Number(id)));
      for (const { id } of unread) this.#seen.add(Number(id));
      if (unread.length > 0) yield unread.map(stored);
      from = Number(rows.at(-1)?.id ?? from);
      this.#last = Math.max(this.#last ?? 0, from);
      if (rows.length < PART) break;
    }
    for (const id of this.#seen) if (id <= (this.#last ?? 0) - LOOKBACK) this.#seen.delete(id);
  }
}

function stored({ data, ...columns }: Row): StoredPoint {
  try {
    const { info, chars } = infoOf(data);
    return { point: pointIn({ ...columns, info }), chars, receipt: undefined };
  } catch {
    return { chars: 0, receipt: undefined };
  }
}

/** OSProfiler writes JSON text into a column of the type JSON: it is encoded twice. */
function infoOf(data: unknown): { readonly info: unknown; readonly chars: number } {
  let value = data;
  let chars = 0;
  for (let level = 0; level < 3 && typeof value === 'string'; level++) {
    if (value.length > MAX_POINT_CHARS) throw new RangeError('too long');
    chars = Math.max(chars, value.length);
    value = JSON.parse(value);
  }
  return { info: (value as { readonly info?: unknown } | null)?.info, chars };
}

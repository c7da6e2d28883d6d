import type { ClientLibrary } from './client-library.ts';
import { CONNECT_TIMEOUT_MS, type PointConnection } from './point-store.ts';
import { COLUMNS, DEFINITIONS, INDEXES, rowOf } from './sql-table.ts';

interface PgLibrary {
  readonly Client: new (
    options: object,
  ) => {
    on(event: 'error' | 'end', listener: () => void): void;
    connect(): Promise<unknown>;
    query(text: string, values?: readonly unknown[]): Promise<unknown>;
    unref(): void;
    end(): Promise<void>;
  };
}

const UNDEFINED_TABLE = '42P01';
const quoted = (name: string) => `"${name}"`;

/** The table that OSProfiler's driver creates. */
const CREATE = [
  `CREATE TABLE IF NOT EXISTS data (id SERIAL NOT NULL PRIMARY KEY, ${DEFINITIONS.map(
    ([column, type]) => `${quoted(column)} ${type}`,
  ).join(', ')})`,
  ...INDEXES.map(([index, column]) => `CREATE INDEX IF NOT EXISTS ${index} ON data (${quoted(column)})`),
].join('; ');

/** Opens a connection to PostgreSQL with `pg`. */
export async function openPostgres(library: ClientLibrary, url: string): Promise<PointConnection> {
  const { Client } = library.load() as PgLibrary;
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  let isOpen = true;
  const ended = () => {
    isOpen = false;
  };
  client.on('error', ended);
  client.on('end', ended);
  await client.connect();
  client.unref();
  return {
    isOpen: () => isOpen,
    close: () => void client.end().catch(() => {}),
    write: async (points) => {
      const rows = points.map(rowOf);
      const insert = () => client.query(insertionOf(rows.length), rows.flat());
      try {
        await insert();
      } catch (error) {
        if ((error as { readonly code?: unknown }).code !== UNDEFINED_TABLE) throw error;
        await client.query(CREATE);
        await insert();
      }
      return 0;
    },
  };
}

function insertionOf(rows: number): string {
  const row = (index: number) => COLUMNS.map((_, column) => `$${index * COLUMNS.length + column + 1}`);
  const values = Array.from({ length: rows }, (_, index) => `(${row(index).join(', ')})`);
  return `INSERT INTO data (${COLUMNS.map(quoted).join(', ')}) VALUES ${values.join(', ')}`;
}

import type { ClientLibrary } from './client-library.ts';
import { CONNECT_TIMEOUT_MS, type PointConnection } from './point-store.ts';
import { COLUMNS, DEFINITIONS, INDEXES, rowOf } from './sql-table.ts';

type Callback = (error: unknown) => void;

interface Mysql2Library {
  createConnection(options: object): {
    readonly stream: { unref(): void };
    on(event: 'error' | 'end', listener: () => void): void;
    connect(callback: Callback): void;
    query(sql: string, values: readonly unknown[], callback: Callback): void;
    end(callback: Callback): void;
  };
}

const NO_SUCH_TABLE = 'ER_NO_SUCH_TABLE';
const quoted = (name: string) => `\`${name}\``;

const INSERT = `INSERT INTO data (${COLUMNS.map(quoted).join(', ')}) VALUES ?`;

/** The table that OSProfiler's driver creates. */
const CREATE = `CREATE TABLE IF NOT EXISTS data (${[
  'id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY',
  ...DEFINITIONS.map(([column, type]) => `${quoted(column)} ${type}`),
  ...INDEXES.map(([index, column]) => `INDEX ${index} (${quoted(column)})`),
].join(', ')})`;

/** Opens a connection to MySQL or MariaDB with `mysql2`. */
export async function openMysql(library: ClientLibrary, url: string): Promise<PointConnection> {
  const { createConnection } = library.load() as Mysql2Library;
  const connection = createConnection({ uri: url, connectTimeout: CONNECT_TIMEOUT_MS });
  let isOpen = true;
  const ended = () => {
    isOpen = false;
  };
  connection.on('error', ended);
  connection.on('end', ended);
  await settled((callback) => connection.connect(callback));
  connection.stream.unref();
  const query = (sql: string, values: readonly unknown[]) =>
    settled((callback) => connection.query(sql, values, callback));
  return {
    isOpen: () => isOpen,
    close: () => connection.end(() => {}),
    write: async (points) => {
      const rows = points.map(rowOf);
      try {
        await query(INSERT, [rows]);
      } catch (error) {
        if ((error as { readonly code?: unknown }).code !== NO_SUCH_TABLE) throw error;
        await query(CREATE, []);
        await query(INSERT, [rows]);
      }
      return 0;
    },
  };
}

function settled(call: (callback: Callback) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error ? reject(error) : resolve()));
  });
}

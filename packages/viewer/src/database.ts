import { createRequire } from 'node:module';
import type { DatabaseSync } from 'node:sqlite';
import { LOG_TABLES } from './log-store.ts';

type Sqlite = typeof import('node:sqlite');

// "clew" in ASCII. Databases with another application id are never changed.
const APPLICATION_ID = 0x636c6577;
const VERSION = 3;
/** Files of this version have no tables of log records; they are added. */
const WITHOUT_LOGS = 2;

// `name`, `service`, `route` and `status` are those of the span that names the trace (see trace-head.ts), which is
// described by `head…`. `services` is a JSON array.
const SCHEMA = `
  CREATE TABLE trace (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, received INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, spans INTEGER NOT NULL, errors INTEGER NOT NULL,
    services TEXT NOT NULL, policy TEXT, name TEXT NOT NULL, service TEXT NOT NULL, route TEXT NOT NULL,
    status INTEGER, headId TEXT NOT NULL, headKind TEXT NOT NULL, headRank INTEGER NOT NULL, headFirst TEXT NOT NULL);
  CREATE TABLE span (
    trace INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, parent TEXT, first INTEGER NOT NULL,
    body TEXT NOT NULL, origin TEXT NOT NULL, PRIMARY KEY (trace, id, kind)) WITHOUT ROWID;
  ${logTables('')}
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};`;

let sqlite: Sqlite | undefined;

/**
 * Opens the store's database; without a file, in memory. Throws if the file is not a database, belongs to another
 * application, or has another schema version.
 */
export function openDatabase(file: string | undefined, readOnly: boolean): DatabaseSync {
  sqlite ??= loadQuietly();
  const database = new sqlite.DatabaseSync(file ?? ':memory:', { readOnly });
  try {
    // A reader may have to wait for the collector's transactions.
    database.exec('PRAGMA busy_timeout = 5000');
    const application = pragma(database, 'application_id');
    const version = pragma(database, 'user_version');
    const empty = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.count === 0;
    // A commit survives the end of this process, though not always that of the machine.
    if (!readOnly) database.exec('PRAGMA synchronous = NORMAL');
    if (empty && !readOnly) database.exec(`PRAGMA journal_mode = WAL; BEGIN; ${SCHEMA} COMMIT`);
    else if (application !== APPLICATION_ID) throw new Error(`@clew/viewer: ${file} is not a trace store`);
    else if (version === WITHOUT_LOGS) addLogTables(database, readOnly);
    else if (version !== VERSION) {
      throw new Error(
        `@clew/viewer: expected version ${VERSION} of the store in ${file}, got ${version}: choose another file`,
      );
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A reader must not change the file: its empty tables are temporary. */
function addLogTables(database: DatabaseSync, readOnly: boolean): void {
  if (readOnly) database.exec(logTables('TEMP'));
  else {
    database.exec('BEGIN IMMEDIATE');
    // Another process may have added them while this one waited.
    if (pragma(database, 'user_version') === WITHOUT_LOGS)
      database.exec(`${logTables('')} PRAGMA user_version = ${VERSION};`);
    database.exec('COMMIT');
  }
}

function logTables(where: '' | 'TEMP'): string {
  return Object.entries(LOG_TABLES)
    .map(([name, columns]) => `CREATE ${where} TABLE ${name} ${columns};`)
    .join('\n  ');
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

/**
 * Suppresses the warning of some Node versions that SQLite is experimental, which does not help users of the
 * command.
 */
function loadQuietly(): Sqlite {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return createRequire(import.meta.url)('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

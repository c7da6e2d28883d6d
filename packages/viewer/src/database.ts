import { createRequire } from 'node:module';
import type { DatabaseSync } from 'node:sqlite';

type Sqlite = typeof import('node:sqlite');

// "clew" in ASCII. Databases with another application id are never changed.
const APPLICATION_ID = 0x636c6577;
const VERSION = 1;

const SCHEMA = `
  CREATE TABLE trace (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    first INTEGER NOT NULL, last INTEGER NOT NULL, spans INTEGER NOT NULL, errors INTEGER NOT NULL);
  CREATE TABLE span (
    trace INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, root INTEGER NOT NULL, first INTEGER NOT NULL,
    name TEXT NOT NULL, service TEXT NOT NULL, body TEXT NOT NULL, origin TEXT NOT NULL,
    PRIMARY KEY (trace, id, kind)) WITHOUT ROWID;
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
    if (empty && !readOnly)
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${SCHEMA}`);
    else if (application !== APPLICATION_ID) throw new Error(`@clew/viewer: ${file} is not a trace store`);
    else if (version !== VERSION) {
      throw new Error(`@clew/viewer: expected version ${VERSION} of the store in ${file}, got ${version}`);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
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

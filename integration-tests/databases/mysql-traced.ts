import { MySQL2Instrumentation } from '@clew/instrumentation-mysql2';
import { callerSpan, type RecordedSpan, type Recorder, recordSpans, within } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import { createConnection as connectUntraced } from 'mysql2/promise';
import newest, { type Connection, type ConnectionOptions, type Pool, type PoolOptions } from 'mysql2-3';
import oldest from 'mysql2-3.0';
import lastWithoutChannels from 'mysql2-3.19';
import { findMariadb, type Mariadb } from '../services/mariadb.ts';

export type Mysql2 = typeof newest;

/** The versions whose internals differ. The types are those of the newest. */
export const VERSIONS = Object.entries({
  'mysql2 3.0': oldest,
  'mysql2 3.19': lastWithoutChannels,
  'mysql2 3.24': newest,
}) as unknown as [name: string, mysql2: Mysql2][];

/** The tools of the tests in one file: a database of their own, and a version of mysql2 with the plugin. */
export interface TracedMysql {
  readonly recorder: Recorder;
  /** The URL of the database. */
  url(): string;
  connect(options?: ConnectionOptions): Connection;
  pool(options?: PoolOptions): Pool;
  /** Runs statements on an untraced connection of its own. */
  administer(sql: string): Promise<unknown>;
}

let databases = 0;

/** Declares the hooks that create a database, trace mysql2, and close what the tests have opened. */
export function traceMysql(mysql2: Mysql2, options: object = {}): TracedMysql {
  const recorder = recordSpans();
  const opened = new Set<() => void>();
  const name = `clew_mysql_${process.pid}_${++databases}`;
  let mariadb: Mariadb;
  let plugin: MySQL2Instrumentation;
  let url = '';

  // The copy that is named `mysql2` is older, is not patched and has no channels.
  const administer = async (sql: string, uri = url) => {
    const connection = await connectUntraced({ uri, multipleStatements: true });
    try {
      const [rows] = await connection.query(sql);
      return rows;
    } finally {
      connection.destroy();
    }
  };

  beforeAll(async () => {
    mariadb = await findMariadb();
    await administer(`CREATE DATABASE ${name}`, mariadb.url);
    const own = new URL(mariadb.url);
    own.pathname = name;
    url = own.href;
    await administer(
      "CREATE TABLE songs (id INT PRIMARY KEY, title VARCHAR(40)); INSERT INTO songs VALUES (1, 'one'), (2, 'two'), (3, 'three')",
    );
    plugin = new MySQL2Instrumentation(options);
    plugin.instrument(mysql2);
  });
  afterEach(() => {
    for (const close of opened) close();
    opened.clear();
  });
  afterAll(async () => {
    plugin.disable();
    await administer(`DROP DATABASE ${name}`);
    await mariadb.stop();
  });

  return {
    recorder,
    url: () => url,
    connect(given = {}) {
      const connection = mysql2.createConnection({ uri: url, ...given });
      // The server closes connections in some tests.
      connection.on('error', () => {});
      opened.add(() => connection.destroy());
      return connection;
    },
    pool(given = {}) {
      const pool = mysql2.createPool({ uri: url, ...given });
      opened.add(() => pool.end(() => {}));
      return pool;
    },
    administer,
  };
}

/** Runs `work` within a new span of the application, which ends afterwards. Returns the span's id and the result. */
export async function asCaller<T>(
  work: () => Promise<T> | T,
): Promise<{ readonly id: string; readonly result: T }> {
  const caller = callerSpan();
  try {
    return { id: caller.spanContext().spanId, result: await within(caller, work) };
  } finally {
    caller.end();
  }
}

/** The CLIENT spans among the recorded ones. */
export function queriesOf(spans: readonly RecordedSpan[]): RecordedSpan[] {
  return spans.filter(({ kind }) => kind === SpanKind.CLIENT);
}

/** What is recorded of a failure. */
export function failureOf({ name, attributes, events, status }: RecordedSpan): object {
  return {
    name,
    code: attributes['db.response.status_code'],
    type: attributes['error.type'],
    errors: events.length,
    status: status.code,
  };
}

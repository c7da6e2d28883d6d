import assert from 'node:assert/strict';
import { type Span, SpanKind } from '@opentelemetry/api';
import { prepareRecorder, type Recorder } from './recorder.ts';
import type { RecordedSpan } from './recording-span.ts';
import { callerSpan, currentSpanId, type SubjectAdapter, tracing, within } from './subject.ts';
import type { Skips } from './suite.ts';

/** Runs one statement with values for its placeholders. */
export type RunQuery = (sql: string, values?: readonly unknown[]) => Promise<unknown>;

/** A connection, or a pool, to a database that the suite may fill and empty. */
export interface DbConnection {
  readonly query: RunQuery;
  /** Runs `work` in a transaction: commits when it resolves, rolls back and rejects when it rejects. */
  transaction(work: (query: RunQuery) => Promise<void>): Promise<void>;
  /** As `query`, with the library's callbacks. */
  queryWithCallback?(sql: string, callback: (error: unknown) => void): void;
  close(): Promise<void>;
}

/** A database library as the suite drives it. */
export interface DbAdapter extends SubjectAdapter {
  /** `knex on sqlite` */
  readonly name: string;
  readonly skips?: Skips;
  /** `db.system.name` of the spans. */
  readonly system: string;
  /** How the library writes the first placeholder: `?` or `$1`. */
  readonly placeholder: string;
  /** What is expected in `db.query.text` in its place, where the library sends something else. */
  readonly sentPlaceholder?: string;
  /** Why the library cannot be called with a callback; without a reason `open()` must give `queryWithCallback`. */
  readonly noCallbacks?: string;
  /**
   * Opens an empty database, or one whose table `songs` may be dropped. With a pool of one or two connections: six
   * queries at the same time must wait for each other.
   */
  open(): Promise<DbConnection>;
}

/** What the tests of a database library have in common. */
export interface DbDriver {
  readonly adapter: DbAdapter;
  readonly recorder: Recorder;
  /** Runs `work` with the plugin on and with an empty table of songs; the spans of making the table are dropped. */
  connected<T>(options: object, work: (db: DbConnection) => Promise<T>): Promise<T>;
  /** Runs one query, which may fail, and returns the one span that it makes. */
  queryOne(
    sql: string,
    values?: readonly unknown[],
    options?: object,
  ): Promise<{ readonly outcome: PromiseSettledResult<unknown>; readonly span: RecordedSpan }>;
}

/** Drives a database library by its adapter. */
export function driveDb(adapter: DbAdapter): DbDriver {
  const recorder = prepareRecorder();
  const connected: DbDriver['connected'] = (options, work) =>
    tracing(adapter, options, async () => {
      const db = await adapter.open();
      try {
        await db.query('DROP TABLE IF EXISTS songs');
        await db.query('CREATE TABLE songs (id INTEGER PRIMARY KEY, title VARCHAR(40))');
        recorder.reset();
        return await work(db);
      } finally {
        await db.close();
      }
    });
  return {
    adapter,
    recorder,
    connected,
    queryOne: (sql, values, options = {}) =>
      connected(options, async (db) => {
        const [outcome] = await Promise.allSettled([db.query(sql, values)]);
        const [span] = await recorder.take(1);
        assert(span);
        return { outcome, span };
      }),
  };
}

/** More queries than a pool of one or two connections can run at once. */
const MORE_THAN_A_POOL = 6;

/** Runs a query for each of several callers at the same time; returns the callers' ids and the ids current afterwards. */
export async function queryAtOnce(
  query: () => Promise<string>,
): Promise<{ readonly ids: string[]; readonly current: string[] }> {
  const callers = Array.from({ length: MORE_THAN_A_POOL }, (_, index) => callerSpan(`caller ${index}`));
  const current = await Promise.all(callers.map((caller: Span) => within(caller, query)));
  for (const caller of callers) caller.end();
  return { ids: callers.map((caller) => caller.spanContext().spanId), current };
}

/** Checks that each of several queries at the same time has its own caller as its parent, and returns to it. */
export async function expectOwnCallers(recorder: Recorder, query: () => Promise<string>): Promise<void> {
  const { ids, current } = await queryAtOnce(query);
  assert.deepEqual(current, ids);
  const queries = (await recorder.take(2 * ids.length)).filter(({ kind }) => kind === SpanKind.CLIENT);
  assert.deepEqual(queries.map(({ parentSpanId }) => parentSpanId).sort(), ids.sort());
}

/** Runs a query with the library's callback; resolves with the id of the span that is current in the callback. */
export function queryWithCallback(db: DbConnection, sql = 'SELECT id FROM songs'): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  callbackOf(db)(sql, (error) => {
    if (error) reject(error);
    else resolve(currentSpanId());
  });
  return promise;
}

/** The library's way to query with a callback; fails where the adapter gives neither that nor the reason why not. */
export function callbackOf(db: DbConnection): NonNullable<DbConnection['queryWithCallback']> {
  const { queryWithCallback } = db;
  assert(queryWithCallback, 'open() gives no queryWithCallback, and the adapter no reason in noCallbacks');
  return queryWithCallback;
}

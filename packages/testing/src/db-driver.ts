import assert from 'node:assert/strict';
import { type Span, SpanKind } from '@opentelemetry/api';
import { prepareRecorder, type Recorder, type RecorderOptions } from './recorder.ts';
import type { RecordedSpan } from './recording-span.ts';
import { callerSpan, currentSpanId, type SubjectAdapter, tracing, within } from './subject.ts';
import type { Skips } from './suite.ts';

/** Runs one statement with values for its placeholders. */
export type RunQuery = (sql: string, values?: readonly unknown[]) => Promise<unknown>;

/** A connection to a database that the suite may change, or a pool of connections. */
export interface DbConnection {
  readonly query: RunQuery;
  /** Runs `work` in a transaction: commits when it resolves, rolls back and rejects when it rejects. */
  transaction(work: (query: RunQuery) => Promise<void>): Promise<void>;
  /** Like `query`, but with the library's callback. */
  queryWithCallback?(sql: string, callback: (error: unknown) => void): void;
  close(): Promise<void>;
}

/** The adapter of a database library. */
export interface DbAdapter extends SubjectAdapter {
  /** `knex on sqlite` */
  readonly name: string;
  readonly skips?: Skips;
  /** Runs the suite with another tracer provider or context manager. */
  readonly recorder?: RecorderOptions;
  /** `db.system.name` of the spans. */
  readonly system: string;
  /** The library's syntax for the first placeholder: `?` or `$1`. */
  readonly placeholder: string;
  /** The placeholder in `db.query.text`, if the library sends another one. */
  readonly sentPlaceholder?: string;
  /** Why the library has no callbacks. Without a reason, `open()` must return `queryWithCallback`. */
  readonly noCallbacks?: string;
  /**
   * Opens an empty database, or one whose table `songs` may be dropped. A pool must have one or two connections, so that
   * six concurrent queries wait for each other.
   */
  open(): Promise<DbConnection>;
  /** Opens a pool of at most `size` connections to the same database. */
  openPool?(size: number): Promise<DbConnection>;
  /**
   * Opens one connection whose `query` calls the driver at once, and not after the wait for a connection: so that the
   * query joins one of a library above the driver.
   */
  openDriver?(): Promise<DbConnection>;
  /** Whether `db.response.returned_rows` is recorded. */
  readonly countsRows?: boolean;
  /** `db.response.status_code` of a query of a table that doesn't exist. */
  readonly missingTableCode?: string;
}

/** The common steps of the tests of a database library. */
export interface DbDriver {
  readonly adapter: DbAdapter;
  readonly recorder: Recorder;
  /** Runs `work` with the plugin enabled and an empty table `songs`. The spans of creating the table are dropped. */
  connected<T>(
    options: object,
    work: (db: DbConnection) => Promise<T>,
    open?: () => Promise<DbConnection>,
  ): Promise<T>;
  /** Runs one query, which may fail, and returns its only span. */
  queryOne(
    sql: string,
    values?: readonly unknown[],
    options?: object,
  ): Promise<{ readonly outcome: PromiseSettledResult<unknown>; readonly span: RecordedSpan }>;
}

/** Creates the steps for a database library's adapter. */
export function driveDb(adapter: DbAdapter): DbDriver {
  const recorder = prepareRecorder(adapter.recorder);
  const connected: DbDriver['connected'] = (options, work, open = adapter.open) =>
    tracing(adapter, options, async () => {
      const db = await open();
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

/** Runs concurrent queries of several callers. Returns the callers' span ids, and the current ones after each query. */
export async function queryAtOnce(
  query: () => Promise<string>,
  count = MORE_THAN_A_POOL,
): Promise<{ readonly ids: string[]; readonly current: string[] }> {
  const callers = Array.from({ length: count }, (_, index) => callerSpan(`caller ${index}`));
  const current = await Promise.all(callers.map((caller: Span) => within(caller, query)));
  for (const caller of callers) caller.end();
  return { ids: callers.map((caller) => caller.spanContext().spanId), current };
}

/** Checks that each of several concurrent queries has its caller as the parent, and that the caller is current afterwards. */
export async function expectOwnCallers(
  recorder: Recorder,
  query: () => Promise<string>,
  count?: number,
): Promise<void> {
  const { ids, current } = await queryAtOnce(query, count);
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

/** Returns `queryWithCallback`. Throws if the adapter has neither that nor a reason. */
export function callbackOf(db: DbConnection): NonNullable<DbConnection['queryWithCallback']> {
  const { queryWithCallback } = db;
  assert(queryWithCallback, 'expected queryWithCallback from open(), or a reason in noCallbacks');
  return queryWithCallback;
}

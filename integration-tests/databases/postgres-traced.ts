import type { EventEmitter } from 'node:events';
import { PgInstrumentation } from '@clew/instrumentation-pg';
import { callerSpan, type RecordedSpan, type Recorder, recordSpans, within } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import pg, { type Client, type ClientConfig, type Pool, type PoolConfig } from 'pg';
import { findPostgres, type Postgres } from '../services/postgres.ts';
import { createDatabase, type Database } from '../services/postgres-database.ts';

/** The tools of the tests in one file: a database of their own, and pg with the plugin. */
export interface TracedPostgres {
  readonly recorder: Recorder;
  /** The URL of the database. */
  url(): string;
  connect(config?: ClientConfig): Promise<Client>;
  pool(config?: PoolConfig): Pool;
  plugin(): PgInstrumentation;
  /** Runs `work` without tracing, on a connection of its own. */
  untraced<T>(work: (client: Client) => Promise<T>): Promise<T>;
}

/** Declares the hooks that create the database, trace pg, and check after each test that no span is open. */
export function tracePostgres(options: object = {}, versions: readonly unknown[] = [pg]): TracedPostgres {
  const recorder = recordSpans();
  const open = new Set<{ end(): Promise<void> }>();
  let postgres: Postgres;
  let database: Database;
  let plugin: PgInstrumentation;

  const connected = async (config: ClientConfig) => {
    const client = new pg.Client(config);
    // The server closes connections in some tests.
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  beforeAll(async () => {
    postgres = await findPostgres();
    database = await createDatabase(postgres);
    plugin = new PgInstrumentation(options);
    for (const version of versions) plugin.instrument(version);
  });
  afterEach(async () => {
    await Promise.all(Array.from(open, (each) => each.end()));
    open.clear();
  });
  afterAll(async () => {
    plugin.disable();
    await database.drop();
    await postgres.stop();
  });

  return {
    recorder,
    url: () => database.url,
    plugin: () => plugin,
    async connect(config = {}) {
      const client = await connected({ connectionString: database.url, ...config });
      open.add(client);
      return client;
    },
    pool(config = {}) {
      const pool = new pg.Pool({ connectionString: database.url, ...config });
      pool.on('error', () => {});
      open.add({ end: async () => (pool.ended || pool.ending ? undefined : pool.end()) });
      return pool;
    },
    async untraced(work) {
      plugin.disable();
      const client = await connected({ connectionString: database.url });
      try {
        return await work(client);
      } finally {
        await client.end();
        plugin.enable();
      }
    },
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

/** Resolves when an emitter emits the event, even if it emits errors before. */
export function emitted(emitter: EventEmitter, event: string): Promise<void> {
  return new Promise((resolve) => {
    emitter.once(event, () => resolve());
  });
}

/** The CLIENT spans among the recorded ones. */
export function queriesOf(spans: readonly RecordedSpan[]): RecordedSpan[] {
  return spans.filter(({ kind }) => kind === SpanKind.CLIENT);
}

/** The SQLSTATE of a failed span, and the type of its error. */
export function failureOf({ attributes, events, status }: RecordedSpan): object {
  return {
    code: attributes['db.response.status_code'],
    errors: events.length,
    status: status.code,
  };
}

import { context, trace } from '@opentelemetry/api';
import type { Knex } from 'knex';
import { findPostgres, type Postgres } from '../../../integration-tests/services/postgres.ts';
import { instrument, knex } from './subjects.ts';

/** Traced knex instances, for the tests of one file. */
export function knexSetup() {
  let postgres: Postgres;
  let plugin: ReturnType<typeof instrument>;
  const opened: Knex[] = [];

  beforeAll(async () => {
    postgres = await findPostgres();
  });
  afterAll(() => postgres.stop());
  beforeEach(() => {
    plugin = instrument();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((db) => db.destroy()));
    plugin.disable();
  });

  /** A knex instance with one connection that logs nothing. */
  function open(config: Knex.Config = {}): Knex {
    const log = { warn() {}, error() {}, debug() {}, deprecate() {} };
    const pool = { min: 0, max: 1 };
    const db = knex({ client: 'pg', connection: postgres.url, pool, log, ...config } as Knex.Config);
    opened.push(db);
    return db;
  }

  return {
    open,
    sqlite: () =>
      open({ client: 'better-sqlite3', connection: { filename: ':memory:' }, useNullAsDefault: true }),
    postgresUrl: () => postgres.url,
    disable: () => plugin.disable(),
  };
}

/** Runs `work` in a span, and returns the id of the span. */
export async function asCaller(name: string, work: () => unknown): Promise<string> {
  const span = trace.getTracer('test').startSpan(name);
  await context.with(trace.setSpan(context.active(), span), async () => work()).finally(() => span.end());
  return span.spanContext().spanId;
}

/** The error of a query that fails. */
export const failureOf = (query: PromiseLike<unknown>): Promise<Error & { code?: string }> =>
  Promise.resolve(query).then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => error,
  );

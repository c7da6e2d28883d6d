import type { Readable } from 'node:stream';
import {
  type DbOptions,
  db,
  defineInstrumentation,
  observePromise,
  type QueryOperation,
  type Tools,
} from '@clew/core/plugin';
import { patchBookshelf, rememberBluebird } from './bookshelf.ts';
import { databaseOf, type KnexClient, type KnexQuery, rowsOf } from './knex-client.ts';
import { inTransaction, patchTransactions } from './knex-transactions.ts';

declare const __VERSION__: string;

type KnexTools = Tools<DbOptions>;
type Query = (this: KnexClient, connection: object, query: KnexQuery) => Promise<unknown>;
type Stream = (
  this: KnexClient,
  connection: object,
  query: KnexQuery,
  stream: Readable,
  options: unknown,
) => Promise<unknown>;
type Acquire = (this: KnexClient) => Promise<object>;

const VERSIONS = ['>=0.95 <4'];

/** Traces the queries of knex when they run: a query builder that is not awaited is never started. */
export const KnexInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-knex',
  version: __VERSION__,
  options: db.options,
  targets: [
    { module: 'knex', versions: VERSIONS, patch },
    { module: 'knex', versions: VERSIONS, file: 'lib/execution/transaction.js', patch: patchTransactions },
    {
      module: 'knex',
      versions: VERSIONS,
      file: 'lib/dialects/sqlite3/execution/sqlite-transaction.js',
      patch: patchTransactions,
    },
    { module: 'bluebird', versions: ['>=3.7 <4'], patch: rememberBluebird },
    { module: 'bookshelf', versions: ['>=1 <2'], patch: patchBookshelf },
  ],
});

export type KnexInstrumentation = InstanceType<typeof KnexInstrumentation>;

/** All dialects, transactions and streams call these three methods of their base class. */
function patch(knex: unknown, tools: KnexTools): void {
  const client = (knex as { readonly Client: { readonly prototype: object } }).Client.prototype;

  tools.wrap<Query>(
    client,
    'query',
    (query) =>
      function (connection, statement) {
        const operation = start(tools, this, connection, statement);
        if (operation === undefined) return query.call(this, connection, statement);
        return operation.settle(
          operation.run(() => query.call(this, connection, statement)),
          (result) => operation.rows(rowsOf(this, result)),
        );
      },
  );

  tools.wrap<Stream>(
    client,
    'stream',
    (open) =>
      function (connection, statement, stream, streamOptions) {
        const operation = start(tools, this, connection, statement);
        if (operation === undefined) return open.call(this, connection, statement, stream, streamOptions);
        // If the reader destroys the stream, the driver's promise never settles.
        stream.once('close', () => {
          if (stream.errored) operation.fail(stream.errored);
          operation.end();
        });
        return observePromise(
          operation.run(() => open.call(this, connection, statement, stream, streamOptions)),
          () => operation.end(),
          (error) => {
            if (!isEndByReader(error, stream)) operation.fail(error);
            operation.end();
          },
        );
      },
  );

  tools.wrap<Acquire>(
    client,
    'acquireConnection',
    (acquire) =>
      function () {
        const wait = db.startAcquire(tools, () => databaseOf(this));
        if (wait === undefined) return acquire.call(this);
        return wait.settle(wait.run(() => acquire.call(this)));
      },
  );
}

/** knex before 2 reports it as an error if the reader destroys the stream. */
function isEndByReader(error: unknown, stream: Readable): boolean {
  return stream.destroyed && (error as Error | null)?.message === 'stream destroyed';
}

function start(
  tools: KnexTools,
  client: KnexClient,
  connection: object,
  query: KnexQuery,
): QueryOperation | undefined {
  const describe = () => {
    const { sql, bindings } = typeof query === 'string' ? { sql: query } : query;
    return { database: databaseOf(client), sql, values: bindings, connection };
  };
  return inTransaction(client, () => db.startQuery(tools, describe));
}

import type { Readable } from 'node:stream';
import {
  type DbOptions,
  db,
  defineInstrumentation,
  observePromise,
  originals,
  type QueryOperation,
  type Tools,
} from '@clew/core/plugin';
import { databaseOf, type KnexClient, type KnexQuery } from './knex-client.ts';

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

/** Shorter waits are not recorded: getting an idle connection takes a few turns of the event loop, too. */
const MIN_WAIT_MS = 1;

/** Traces the queries of knex when they run: a query builder that is not awaited is never started. */
export const KnexInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-knex',
  version: __VERSION__,
  options: db.options,
  targets: [{ module: 'knex', versions: ['>=0.95 <4'], patch }],
});

export type KnexInstrumentation = InstanceType<typeof KnexInstrumentation>;

/** All dialects, transactions and streams call these three methods of their base class. */
function patch(knex: unknown, tools: KnexTools): void {
  const client = (knex as { readonly Client: { readonly prototype: object } }).Client.prototype;
  const waits = new WeakMap<object, number>();

  tools.wrap<Query>(
    client,
    'query',
    (query) =>
      function (connection, statement) {
        const operation = start(tools, waits, this, connection, statement);
        if (operation === undefined) return query.call(this, connection, statement);
        return operation.settle(operation.run(() => query.call(this, connection, statement)));
      },
  );

  tools.wrap<Stream>(
    client,
    'stream',
    (open) =>
      function (connection, statement, stream, streamOptions) {
        const operation = start(tools, waits, this, connection, statement);
        if (operation === undefined) return open.call(this, connection, statement, stream, streamOptions);
        // If the reader destroys the stream, the driver's promise never settles.
        stream.once('close', () => {
          if (stream.errored) operation.fail(stream.errored);
          operation.end();
        });
        return operation.settle(
          operation.run(() => open.call(this, connection, statement, stream, streamOptions)),
        );
      },
  );

  tools.wrap<Acquire>(
    client,
    'acquireConnection',
    (acquire) =>
      function () {
        const parent = db.queryParent(tools);
        if (parent === undefined) return acquire.call(this);
        const startedMs = originals.monotonicNow();
        const acquired = acquire.call(this);
        const onAcquired = (connection: unknown) => {
          const waitMs = originals.monotonicNow() - startedMs;
          if (waitMs >= MIN_WAIT_MS) waits.set(connection as object, waitMs);
        };
        const onFailed = (error: unknown) => {
          const startTimeMs = originals.wallNow() - (originals.monotonicNow() - startedMs);
          db.recordFailedAcquire(tools, parent, databaseOf(this), startTimeMs, error);
        };
        return observePromise(acquired, onAcquired, onFailed);
      },
  );
}

function start(
  tools: KnexTools,
  waits: WeakMap<object, number>,
  client: KnexClient,
  connection: object,
  query: KnexQuery,
): QueryOperation | undefined {
  return db.startQuery(tools, () => {
    const waitMs = waits.get(connection);
    if (waitMs !== undefined) waits.delete(connection);
    const { sql, bindings } = typeof query === 'string' ? { sql: query } : query;
    return {
      database: databaseOf(client),
      sql,
      values: bindings,
      waitMs,
    };
  });
}

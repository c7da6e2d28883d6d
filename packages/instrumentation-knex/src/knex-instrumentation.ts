import type { Readable } from 'node:stream';
import { originals } from '@clew/core/internal';
import {
  defineInstrumentation,
  type OptionsOf,
  observePromise,
  option,
  type QueryOperation,
  queryParent,
  recordFailedAcquire,
  startQuery,
  type Tools,
} from '@clew/core/plugin';
import { databaseOf, type KnexClient, type KnexQuery } from './knex-client.ts';

declare const __VERSION__: string;

const options = {
  maxQueryLength: option.number(-1, Number.MAX_SAFE_INTEGER, 1022),
  requireParentSpan: option.boolean(false),
} as const;

type KnexTools = Tools<OptionsOf<typeof options>>;
type Query = (this: KnexClient, connection: object, query: KnexQuery) => Promise<unknown>;
type Stream = (
  this: KnexClient,
  connection: object,
  query: KnexQuery,
  stream: Readable,
  options: unknown,
) => Promise<unknown>;
type Acquire = (this: KnexClient) => Promise<object>;

/** A shorter wait says nothing: a free connection costs some turns of the event loop, too. */
const WORTH_SAYING_MS = 1;

/** Traces queries of knex, each when it runs: a builder that nobody awaits is never started. */
export const KnexInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-knex',
  version: __VERSION__,
  options,
  targets: [{ module: 'knex', versions: ['>=0.95 <4'], patch }],
});

export type KnexInstrumentation = InstanceType<typeof KnexInstrumentation>;

/** All dialects, transactions and streams go through these three of their common base. */
function patch(knex: unknown, tools: KnexTools): void {
  const client = (knex as { readonly Client: { readonly prototype: object } }).Client.prototype;
  const waits = new WeakMap<object, number>();

  tools.wrap<Query>(
    client,
    'query',
    (query) =>
      function (connection, what) {
        const operation = begin(tools, waits, this, connection, what);
        if (operation === undefined) return query.call(this, connection, what);
        return operation.settle(operation.run(() => query.call(this, connection, what)));
      },
  );

  tools.wrap<Stream>(
    client,
    'stream',
    (open) =>
      function (connection, what, stream, streamOptions) {
        const operation = begin(tools, waits, this, connection, what);
        if (operation === undefined) return open.call(this, connection, what, stream, streamOptions);
        // Of a stream that its reader leaves, the driver hears no end.
        stream.once('close', () => {
          if (stream.errored) operation.fail(stream.errored);
          operation.end();
        });
        return operation.settle(
          operation.run(() => open.call(this, connection, what, stream, streamOptions)),
        );
      },
  );

  tools.wrap<Acquire>(
    client,
    'acquireConnection',
    (acquire) =>
      function () {
        const parent = queryParent(tools);
        if (parent === undefined) return acquire.call(this);
        const start = originals.monotonicNow();
        const acquired = acquire.call(this);
        const got = (connection: unknown) => {
          const waitMs = originals.monotonicNow() - start;
          if (waitMs >= WORTH_SAYING_MS) waits.set(connection as object, waitMs);
        };
        const failed = (error: unknown) => {
          const startTimeMs = originals.wallNow() - (originals.monotonicNow() - start);
          recordFailedAcquire(tools, parent, databaseOf(this), startTimeMs, error);
        };
        return observePromise(acquired, got, failed);
      },
  );
}

function begin(
  tools: KnexTools,
  waits: WeakMap<object, number>,
  client: KnexClient,
  connection: object,
  query: KnexQuery,
): QueryOperation | undefined {
  return startQuery(tools, () => {
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

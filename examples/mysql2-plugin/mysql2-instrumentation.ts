import { type DbOptions, db, defineInstrumentation, type Tools } from '@clew/core/plugin';

/** The message that mysql2 publishes with a query. */
interface QueryMessage {
  readonly query: string;
  readonly values?: unknown;
  readonly database: string;
  readonly serverAddress: string;
  readonly serverPort?: number;
}

const POOL = 'mysql2:pool:connect';

/** Traces the queries of mysql2 3.20 and later. */
export const Mysql2Instrumentation = defineInstrumentation({
  name: 'clew-instrumentation-mysql2',
  version: '0.1.0',
  options: db.options,
  targets: [
    { channel: 'mysql2:query', tracing: true, watch: (tools) => traceQueries(tools, 'mysql2:query') },
    { channel: 'mysql2:execute', tracing: true, watch: (tools) => traceQueries(tools, 'mysql2:execute') },
    // The wait for a connection has no span, but the query after it belongs to the caller.
    { channel: POOL, tracing: true, watch: (tools) => tools.traceChannel(POOL, { restoreCaller: true }) },
  ],
});

function traceQueries(tools: Tools<DbOptions>, channel: string): void {
  tools.traceChannel<QueryMessage>(channel, {
    start: ({ query, values, database: namespace, serverAddress: address, serverPort: port }) =>
      db.startQuery(tools, () => ({
        sql: query,
        values: Array.isArray(values) ? values : undefined,
        database: { system: 'mysql', namespace: namespace || undefined, address, port },
      })),
    restoreCaller: true,
  });
}

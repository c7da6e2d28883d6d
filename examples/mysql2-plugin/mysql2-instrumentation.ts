import {
  type Database,
  type DbOptions,
  db,
  defineInstrumentation,
  type PoolWait,
  type QueryOperation,
  type Tools,
} from '@clew/core/plugin';

/** The message that mysql2 publishes with a query. */
interface QueryMessage {
  readonly query: string;
  readonly values?: unknown;
  readonly database: string;
  readonly serverAddress: string;
  readonly serverPort?: number;
  /** The rows, the outcome of a statement that returns none, or a connection. */
  readonly result?: unknown;
}

/** What mysql2 publishes with a request for a connection of a pool. */
type PoolMessage = Omit<QueryMessage, 'query' | 'values'>;

const POOL = 'mysql2:pool:connect';

/** Traces the queries of mysql2 3.20 and later. The README names its fault: errors that no listener receives are lost. */
export const Mysql2Instrumentation = defineInstrumentation({
  name: 'clew-instrumentation-mysql2',
  version: '0.1.0',
  options: db.options,
  targets: [
    { channel: 'mysql2:query', tracing: true, watch: (tools) => traceQueries(tools, 'mysql2:query') },
    { channel: 'mysql2:execute', tracing: true, watch: (tools) => traceQueries(tools, 'mysql2:execute') },
    { channel: POOL, tracing: true, watch: watchPool },
  ],
});

function traceQueries(tools: Tools<DbOptions>, channel: string): void {
  tools.traceChannel<QueryMessage, QueryOperation>(channel, {
    start: (message) =>
      db.startQuery(tools, () => ({
        sql: message.query,
        values: Array.isArray(message.values) ? message.values : undefined,
        database: databaseOf(message),
      })),
    finish: (operation, { result }) => operation.rows(Array.isArray(result) ? result.length : undefined),
    restoreCaller: true,
  });
}

/** The wait for a connection has no span, unless it fails. The query after it belongs to the caller. */
function watchPool(tools: Tools<DbOptions>): void {
  tools.traceChannel<PoolMessage, PoolWait>(POOL, {
    start: (message) => db.startAcquire(tools, () => databaseOf(message)),
    finish: (wait, { result }) => wait.acquired(result),
    restoreCaller: true,
  });
}

function databaseOf({ database, serverAddress: address, serverPort: port }: PoolMessage): Database {
  return { system: 'mysql', namespace: database || undefined, address, port };
}

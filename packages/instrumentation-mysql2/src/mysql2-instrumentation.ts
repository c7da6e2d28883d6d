import {
  type Database,
  db,
  defineInstrumentation,
  type PoolWait,
  type QueryOperation,
} from '@clew/core/plugin';
import { endWithConnection } from './connection-end.ts';
import { boundValues, type Mysql2Tools, rowsOf, unformatted } from './mysql2.ts';
import { patch, patchConnection, patchPool } from './patch.ts';
import { currentlyRequested, currentlySent } from './sent-query.ts';

declare const __VERSION__: string;

/** What mysql2 publishes with a connection, or a request for one of a pool. */
interface ConnectionMessage {
  readonly database: string;
  readonly serverAddress: string;
  readonly serverPort?: number | string;
  /** The connection, the rows, or the outcome of a statement that returns none. */
  readonly result?: unknown;
}

/** What mysql2 publishes with a query. */
interface QueryMessage extends ConnectionMessage {
  /** The statement. For `query()`, mysql2 has already inserted the values. */
  readonly query: string;
  readonly values?: unknown;
}

const VERSIONS = ['>=3 <4'];
const POOL = 'mysql2:pool:connect';

/** Traces the queries of mysql2 3: through its channels from 3.20 on, before that by patched functions. */
export const MySQL2Instrumentation = defineInstrumentation({
  name: '@clew/instrumentation-mysql2',
  version: __VERSION__,
  options: { ...db.options, ...db.commentOptions },
  targets: [
    { channel: 'mysql2:query', tracing: true, watch: (tools) => watchQueries(tools, 'mysql2:query') },
    { channel: 'mysql2:execute', tracing: true, watch: (tools) => watchQueries(tools, 'mysql2:execute') },
    { channel: POOL, tracing: true, watch: watchPools },
    { module: 'mysql2', versions: VERSIONS, patch },
    // `mysql2/promise` loads these files without the main module.
    { module: 'mysql2', versions: VERSIONS, file: 'lib/connection.js', patch: patchConnection },
    { module: 'mysql2', versions: VERSIONS, file: 'lib/pool.js', patch: patchPool },
  ],
});

export type MySQL2Instrumentation = InstanceType<typeof MySQL2Instrumentation>;

function watchQueries(tools: Mysql2Tools, channel: string): void {
  tools.traceChannel<QueryMessage, QueryOperation>(channel, {
    start(message) {
      const sent = currentlySent();
      if (sent?.isTraced) return undefined;
      const operation = db.startQuery(tools, () => {
        const { sql = '??', values } = sent === undefined ? {} : unformatted(sent.args);
        return {
          // A placeholder for names hides the table.
          sql: sql.includes('??') ? message.query : sql,
          values: values ?? boundValues(message.values),
          database: databaseOf(message),
          connection: sent?.connection,
        };
      });
      if (operation === undefined || sent === undefined) return operation;
      endWithConnection(sent.connection, operation);
      if (sent.command !== undefined) sent.command.sql = db.withComment(tools, operation, message.query);
      return operation;
    },
    finish: (operation, { result }) => operation.rows(rowsOf(result)),
    restoreCaller: true,
  });
}

/** The wait for a connection has no span, unless it fails. The query after it belongs to the caller. */
function watchPools(tools: Mysql2Tools): void {
  tools.traceChannel<ConnectionMessage, PoolWait>(POOL, {
    start: (message) =>
      currentlyRequested()?.isRepeated ? undefined : db.startAcquire(tools, () => databaseOf(message)),
    finish: (wait, { result }) => wait.acquired(result),
    restoreCaller: true,
  });
}

function databaseOf({ database, serverAddress: address, serverPort }: ConnectionMessage): Database {
  const port = serverPort === undefined ? undefined : Number(serverPort);
  return { system: 'mysql', namespace: database || undefined, address, port };
}

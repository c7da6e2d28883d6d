import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import type { DbConnection } from '../src/index.ts';

/** A callback that the driver calls from an event of the connection's socket. */
export type Callback = (error: unknown, rows?: unknown[]) => void;

/** A server that reads one statement per line. */
export async function startTinydb(): Promise<{ readonly port: number; close(): void }> {
  const server: Server = createServer((socket) => {
    const database = new DatabaseSync(':memory:');
    createInterface(socket).on('line', (line) => socket.write(`${JSON.stringify(run(database, line))}\n`));
    socket.on('close', () => database.close());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { port: (server.address() as { port: number }).port, close: () => server.close() };
}

function run(
  database: DatabaseSync,
  line: string,
): { readonly rows: unknown[] } | { readonly error: string } {
  try {
    return { rows: database.prepare(JSON.parse(line)).all() };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/**
 * A database driver with a pool of one connection. A statement waits until earlier ones have finished. The socket calls
 * its callback in the context of the request that opened the connection, which is not the caller's.
 */
export function tinydb() {
  return {
    Connection: class Connection {
      readonly host = 'db.internal';
      readonly database = 'shop';
      readonly #port: number;
      readonly #waiting: { readonly text: string; readonly callback: Callback }[] = [];
      #socket: Socket | undefined;

      constructor(port: number) {
        this.#port = port;
      }

      send(text: string, callback: Callback): void {
        this.#waiting.push({ text, callback });
        this.#open();
        if (this.#waiting.length === 1) this.#sendFirst();
      }

      close(): void {
        this.#socket?.end();
      }

      #open(): void {
        if (this.#socket !== undefined) return;
        this.#socket = connect(this.#port, '127.0.0.1');
        createInterface(this.#socket).on('line', (line) => {
          const { error, rows } = JSON.parse(line);
          const done = this.#waiting.shift();
          if (this.#waiting.length > 0) this.#sendFirst();
          if (error === undefined) done?.callback(null, rows);
          else done?.callback(new Error(error));
        });
      }

      #sendFirst(): void {
        this.#socket?.write(`${JSON.stringify(this.#waiting[0]?.text)}\n`);
      }
    },
  };
}

/** The next version of the driver, which publishes a tracing channel. */
export function tinydb2() {
  const { Connection } = tinydb();
  const channel = diagnostics.tracingChannel('tinydb:query');
  return {
    Connection: class extends Connection {
      override send(text: string, callback: Callback): void {
        const message = { text, host: this.host, database: this.database };
        channel.traceCallback(super.send, 1, message, this, text, callback);
      }
    },
  };
}

/** The adapter of the driver for `dbSuite`. */
export function connectionTo(
  connection: InstanceType<ReturnType<typeof tinydb>['Connection']>,
): DbConnection {
  const query = (text: string) =>
    new Promise((resolve, reject) => {
      connection.send(text, (error, rows) => (error ? reject(error) : resolve(rows)));
    });
  return {
    query,
    queryWithCallback: (text, callback) => connection.send(text, callback),
    transaction: async (work) => {
      await query('BEGIN');
      try {
        await work(query);
        await query('COMMIT');
      } catch (error) {
        await query('ROLLBACK');
        throw error;
      }
    },
    close: async () => connection.close(),
  };
}

/** Tests of `dbSuite` that the driver can't pass, with the reason. */
export const TINYDB_SKIPS = {
  'bound values are never recorded, their placeholders are': 'tinydb has no placeholders',
  'a bound value is recorded only if the option recordParameters names it': 'tinydb has no placeholders',
};

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Knex, knex } from 'knex';

interface Answer {
  readonly id: number;
  readonly answer: { readonly rows: object[]; readonly affectedRows?: number };
  readonly failure?: { readonly message: string; readonly code: string };
}

/** PostgreSQL inside this process: the parts that knex uses. */
export interface Pglite {
  readonly waitReady: Promise<void>;
  query(text: string, values?: unknown[]): Promise<Answer['answer']>;
  close(): Promise<unknown>;
}

export function openPglite(): Pglite {
  const worker = new Worker(join(__dirname, 'pglite-worker.cjs'));
  const waiting = new Map<number, (answer: Answer) => void>();
  worker.on('message', (message: Answer) => {
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  });
  let last = 0;
  return {
    waitReady: Promise.resolve(),
    query: async (text, values) => {
      const id = ++last;
      worker.postMessage({ id, text, values });
      const { answer, failure } = await new Promise<Answer>((resolve) => waiting.set(id, resolve));
      if (failure) throw Object.assign(new Error(failure.message), failure);
      return answer;
    },
    close: () => worker.terminate(),
  };
}

/** knex's own client for PostgreSQL with PGlite in place of `pg`, as in applications without a server. */
export function knexOn(pglite: Pglite): Knex {
  const PostgresClient = require('knex/lib/dialects/postgres/index.js');
  class Client extends PostgresClient {
    _driver() {
      return {};
    }

    async _acquireOnlyConnection() {
      return {
        query({ text, values }: { text: string; values?: unknown[] }, done: (...result: unknown[]) => void) {
          const command = /\w+/.exec(text)?.[0].toUpperCase();
          const answered = (answer: object) => done(null, { command, rowCount: 0, ...answer });
          pglite.query(text, values).then(answered, done);
        },
        end: (done: () => void) => done(),
      };
    }

    async checkVersion() {
      return '17.0';
    }
  }
  return knex({ client: Client as unknown as typeof Knex.Client, connection: {} });
}

import { type DbOptions, db, type Tools, type TransactionOperation } from '@clew/core/plugin';
import { databaseOf, type KnexClient } from './knex-client.ts';

/** The used members of a transaction, which is nested if its client is that of another transaction. */
interface Transaction {
  readonly client: KnexClient;
}

/** Receives the object on which the application runs the statements of the transaction. */
type Container = (transactor: { readonly client: object }) => unknown;
type Evaluate = (this: Transaction, config: object, container: Container) => Promise<unknown>;

/** The transactions by their clients: each has a client of its own. */
const transactions = new WeakMap<object, TransactionOperation>();

/** Runs a statement as a child of the transaction that its client belongs to, if there is one. */
export function inTransaction<T>(client: object, run: () => T): T {
  const transaction = transactions.get(client);
  return transaction === undefined ? run() : transaction.enter(run);
}

/** A transaction acquires its connection, runs, and releases the connection inside this one method. */
export function patchTransactions(Class: unknown, tools: Tools<DbOptions>): void {
  const { prototype } = Class as { readonly prototype: Transaction };
  if (!Object.hasOwn(prototype, '_evaluateContainer')) return;
  tools.wrap<Evaluate>(
    prototype,
    '_evaluateContainer',
    (evaluate) =>
      function (config, container) {
        const start = () => db.startTransaction(tools, () => databaseOf(this.client));
        const transaction = inTransaction(this.client, start);
        if (transaction === undefined) return evaluate.call(this, config, container);
        const contained: Container = (transactor) => {
          transactions.set(transactor.client, transaction);
          return container(transactor);
        };
        return transaction.settle(transaction.run(() => evaluate.call(this, config, contained)));
      },
  );
}

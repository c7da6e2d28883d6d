import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { patchExec, patchPrepare, patchRuns } from './patch-runs.ts';
import type { Method, SqliteTools } from './sqlite.ts';

interface NodeSqlite {
  readonly DatabaseSync: { readonly prototype: DatabaseSync };
  readonly StatementSync: { readonly prototype: StatementSync };
}

/** The path of a database. Node has `location` from 22.16 on. */
function pathOf(database: object): string | undefined {
  const { location } = database as { location?(): string | null };
  return location === undefined ? undefined : (location.call(database) ?? ':memory:');
}

/** Patches the classes of `node:sqlite`. */
export function patchNodeSqlite(moduleExports: unknown, tools: SqliteTools): void {
  const { DatabaseSync, StatementSync } = moduleExports as NodeSqlite;
  const databases = new WeakMap<object, object>();
  const pathOfStatement = (statement: object) => {
    const database = databases.get(statement);
    return database && pathOf(database);
  };
  patchExec(tools, DatabaseSync.prototype, pathOf);
  patchPrepare(tools, DatabaseSync.prototype, pathOf, (statement, database) => {
    databases.set(statement, database);
  });
  patchRuns(tools, StatementSync.prototype, (statement) => ({
    sql: (statement as StatementSync).sourceSQL,
    path: pathOfStatement(statement),
  }));
  patchTagStores(tools, DatabaseSync.prototype, databases);
}

/** Patches the stores of tagged templates, whose class can only be reached through one of them. */
function patchTagStores(tools: SqliteTools, prototype: object, databases: WeakMap<object, object>): void {
  tools.wrap<Method>(
    prototype,
    'createTagStore',
    (create) =>
      function (...args) {
        const store = Reflect.apply(create, this, args) as object;
        databases.set(store, this);
        const storePrototype = Object.getPrototypeOf(store);
        tools.once(storePrototype, () =>
          patchRuns(tools, storePrototype, (tagged, [strings]) => {
            const database = databases.get(tagged);
            return { sql: (strings as readonly string[]).join('?'), path: database && pathOf(database) };
          }),
        );
        return store;
      },
  );
}

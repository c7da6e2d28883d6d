import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { patchExec, patchPrepare, patchRuns } from './patch-runs.ts';
import type { Method, SqliteTools } from './sqlite.ts';

interface NodeSqlite {
  readonly DatabaseSync: { readonly prototype: DatabaseSync };
  readonly StatementSync: { readonly prototype: StatementSync };
}

/** The paths of databases that have been open. */
const paths = new WeakMap<object, string>();

/** The path of a database. Node has `location` from 22.16 on; it throws while the database is closed. */
function pathOf(database: object): string | undefined {
  const known = paths.get(database);
  const { location } = database as { location?(): string | null };
  if (known !== undefined || location === undefined) return known;
  try {
    const path = location.call(database) ?? ':memory:';
    paths.set(database, path);
    return path;
  } catch {
    return undefined;
  }
}

/** A prepared statement. Node can't read its text either once the database is closed. */
interface Prepared {
  readonly sql: string | undefined;
  readonly database: object;
}

/** Patches the classes of `node:sqlite`. */
export function patchNodeSqlite(moduleExports: unknown, tools: SqliteTools): void {
  const { DatabaseSync, StatementSync } = moduleExports as NodeSqlite;
  const prepared = new WeakMap<object, Prepared>();
  patchExec(tools, DatabaseSync.prototype, pathOf);
  patchPrepare(tools, DatabaseSync.prototype, pathOf, (statement, database, sql) => {
    prepared.set(statement, { sql, database });
  });
  patchRuns(tools, StatementSync.prototype, (statement) => {
    const { sql, database } = prepared.get(statement) ?? { sql: (statement as StatementSync).sourceSQL };
    return { sql, path: database && pathOf(database) };
  });
  patchTagStores(tools, DatabaseSync.prototype);
}

/** Patches the stores of tagged templates, whose class can only be reached through one of them. */
function patchTagStores(tools: SqliteTools, prototype: object): void {
  const databases = new WeakMap<object, object>();
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

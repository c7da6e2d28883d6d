import { guard } from '@clew/core/plugin';
import { patchExec, patchPrepare, patchRuns } from './patch-runs.ts';
import type { Method, SqliteTools } from './sqlite.ts';

/** The class that better-sqlite3 exports. */
interface Database {
  readonly name: string;
  prepare(sql: string): Statement;
}

interface Statement {
  readonly source: string;
  readonly database: Database;
}

const pathOf = (database: object) => (database as Database).name;

/** Patches better-sqlite3. Its class of statements can only be reached through one of them. */
export function patchBetterSqlite(moduleExports: unknown, tools: SqliteTools): void {
  const { prototype } = moduleExports as { readonly prototype: object };
  const patchStatement = (statement: object) => {
    const statementPrototype = Object.getPrototypeOf(statement);
    tools.once(statementPrototype, () =>
      patchRuns(tools, statementPrototype, (each) => {
        const { source, database } = each as Statement;
        return { sql: source, path: pathOf(database) };
      }),
    );
  };
  patchExec(tools, prototype, pathOf);
  patchPrepare(tools, prototype, pathOf, patchStatement);
  // These prepare statements without `prepare`.
  for (const name of ['pragma', 'transaction']) {
    tools.wrap<Method>(
      prototype,
      name,
      (method) =>
        function (...args) {
          tools.once(prototype, () =>
            guard(`${tools.name}: reaching statements`, () =>
              patchStatement((this as Database).prepare('SELECT 1')),
            ),
          );
          return Reflect.apply(method, this, args);
        },
    );
  }
}

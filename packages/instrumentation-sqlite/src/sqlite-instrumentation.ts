import { db, defineInstrumentation } from '@clew/core/plugin';
import { patchBetterSqlite } from './better-sqlite.ts';
import { patchNodeSqlite } from './node-sqlite.ts';

declare const __VERSION__: string;

/** Traces the statements of SQLite: `node:sqlite`, and better-sqlite3. */
export const SqliteInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-sqlite',
  version: __VERSION__,
  options: db.options,
  targets: [
    { module: 'node:sqlite', versions: ['*'], patch: patchNodeSqlite },
    { module: 'better-sqlite3', versions: ['>=11 <14'], patch: patchBetterSqlite },
  ],
});

export type SqliteInstrumentation = InstanceType<typeof SqliteInstrumentation>;

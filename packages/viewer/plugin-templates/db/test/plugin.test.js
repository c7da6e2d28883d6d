// The suites of @clew/testing, which every plugin must pass, and an adapter that describes how to use the library.
import { join } from 'node:path';
import { dbSuite, manifestSuite, readmeSuite } from '@clew/testing';
import library from '__library__';
import { __Name__Instrumentation } from '../src/index.js';

const folder = join(import.meta.dirname, '..');

manifestSuite(folder, { __Name__Instrumentation });
readmeSuite(folder, ['SELECT']);

dbSuite({
  name: '__library__',
  // Replace: `db.system.name` of the spans, and the first placeholder in a statement.
  system: 'other_sql',
  placeholder: '?',
  instrument: (options) => {
    const instance = new __Name__Instrumentation(options);
    instance.instrument(library);
    return instance;
  },
  // Replace: the functions that the plugin patches.
  functions: () => [library.Connection.prototype.send],
  // Replace: how to connect, query and disconnect.
  open: async () => {
    const connection = new library.Connection();
    return {
      query: (sql, values) => connection.query(sql, values),
      // If the library has no callbacks, remove this and give the reason: `noCallbacks: 'it has only promises'`.
      queryWithCallback: (sql, callback) => connection.send(sql, [], callback),
      transaction: async (work) => {
        await connection.query('BEGIN');
        try {
          await work((sql, values) => connection.query(sql, values));
        } catch (error) {
          await connection.query('ROLLBACK');
          throw error;
        }
        await connection.query('COMMIT');
      },
      close: async () => {},
    };
  },
});

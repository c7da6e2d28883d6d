// A plugin is a list of targets (what to patch) and a view of the library (where its queries, texts and values are).
// Span names, attributes, context, errors and the end of the span belong to the template, here `db.startQuery`.
// For the client of an SDK, run `clew create-plugin` with `--template client`. For other libraries choose another
// template: see "Writing a plugin" in the documentation of Clew.
import { bindCallback, db, defineInstrumentation } from '@clew/core/plugin';

// The options of every database plugin, such as `maxQueryLength` and `requireParentSpan`. Add your own here, such as
// `cache: option.boolean(true)`, and into README.md.
const options = { ...db.options };

export const __Name__Instrumentation = defineInstrumentation({
  name: 'clew-instrumentation-__name__',
  version: '0.1.0',
  options,
  // Replace: the versions that you test. "clew" in package.json must list the same targets.
  targets: [{ module: '__library__', versions: ['>=1 <2'], patch }],
});

/**
 * Patches the library when it is loaded. Replace `Connection` and `send` with the function through which every query
 * passes, and `database` with the library's data about its server.
 */
function patch({ Connection }, tools) {
  tools.wrap(
    Connection.prototype,
    'send',
    (send) =>
      function (sql, values, callback) {
        const database = { system: 'other_sql' };
        const operation = db.startQuery(tools, () => ({ database, sql, values }));
        // The query is not recorded. Its callback still runs in the context of the caller.
        if (operation === undefined) return send.call(this, sql, values, bindCallback(callback));
        // A library with promises instead: return operation.settle(operation.run(() => send.call(this, sql, values))).
        return operation.run(() => send.call(this, sql, values, operation.callback(callback)));
      },
  );
}

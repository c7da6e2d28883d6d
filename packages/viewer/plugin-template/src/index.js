// A plugin is a list of targets (what to patch) and a view of the library (where its queries, texts and values are).
// Span names, attributes, context, errors and the end of the span belong to the template, here `startQuery`.
// For libraries that are not databases choose another template: see "Writing a plugin" in the documentation of Clew.
import { bindCallback, defineInstrumentation, option, startQuery } from '@clew/core/plugin';

// Every database plugin has these two. Options of your own go here as well, and into README.md.
const options = {
  maxQueryLength: option.number(-1, 1_000_000, 1022),
  requireParentSpan: option.boolean(false),
};

export const __Name__Instrumentation = defineInstrumentation({
  name: 'clew-instrumentation-__name__',
  version: '0.1.0',
  options,
  // Replace: the versions that you test. "clew" in package.json states the same targets.
  targets: [{ module: '__library__', versions: ['>=1 <2'], patch }],
});

/**
 * Patches the library once it is loaded. Replace `Connection` and `send` by the function through which every query
 * passes, and `database` by what the library knows about its server.
 */
function patch({ Connection }, tools) {
  tools.wrap(
    Connection.prototype,
    'send',
    (send) =>
      function (sql, values, callback) {
        const database = { system: 'other_sql' };
        const operation = startQuery(tools, () => ({ database, sql, values }));
        // Nothing records this query; its callback still runs in the context of the caller.
        if (operation === undefined) return send.call(this, sql, values, bindCallback(callback));
        // A library with promises instead: return operation.settle(operation.run(() => send.call(this, sql, values))).
        return operation.run(() => send.call(this, sql, values, operation.callback(callback)));
      },
  );
}

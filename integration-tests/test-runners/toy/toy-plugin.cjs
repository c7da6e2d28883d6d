const { bindCallback, defineInstrumentation, option, startQuery } = require('@clew/core/plugin');

function patchToyDatabase({ Connection }, tools) {
  tools.wrap(
    Connection.prototype,
    'send',
    (send) =>
      function (sql, values, callback) {
        const query = startQuery(tools, () => ({ database: { system: 'sqlite' }, sql, values }));
        if (query === undefined) return send.call(this, sql, values, bindCallback(callback));
        return query.run(() => send.call(this, sql, values, query.callback(callback)));
      },
  );
}

const ToyInstrumentation = defineInstrumentation({
  name: 'clew-instrumentation-toy',
  version: '1.0.0',
  options: { maxQueryLength: option.number(-1, 1_000_000, 1022), requireParentSpan: option.boolean(false) },
  targets: [{ module: 'toy-database', versions: ['*'], patch: patchToyDatabase }],
});

module.exports = { ToyInstrumentation };

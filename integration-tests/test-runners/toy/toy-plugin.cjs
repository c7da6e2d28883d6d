const { beginQuery, defineInstrumentation, flag, numberIn } = require('@clew/core');

function patchToyDatabase({ Connection }, tools) {
  tools.wrap(
    Connection.prototype,
    'send',
    (send) =>
      function (sql, values, callback) {
        const query = beginQuery(tools, () => ({ database: { system: 'sqlite' }, sql, values }));
        if (query === undefined) return send.call(this, sql, values, callback);
        return query.run(() => send.call(this, sql, values, query.callback(callback)));
      },
  );
}

const ToyInstrumentation = defineInstrumentation({
  name: 'clew-instrumentation-toy',
  version: '1.0.0',
  options: { maxQueryLength: numberIn(-1, 1_000_000, 1022), requireParentSpan: flag(false) },
  targets: [{ module: 'toy-database', versions: ['*'], patch: patchToyDatabase }],
});

module.exports = { ToyInstrumentation };

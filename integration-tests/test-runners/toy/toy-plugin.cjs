const { bindCallback, db, defineInstrumentation } = require('@clew/core/plugin');

function patchToyDatabase({ Connection }, tools) {
  tools.wrap(
    Connection.prototype,
    'send',
    (send) =>
      function (sql, values, callback) {
        const query = db.startQuery(tools, () => ({ database: { system: 'sqlite' }, sql, values }));
        if (query === undefined) return send.call(this, sql, values, bindCallback(callback));
        return query.run(() => send.call(this, sql, values, query.callback(callback)));
      },
  );
}

const ToyInstrumentation = defineInstrumentation({
  name: 'clew-instrumentation-toy',
  version: '1.0.0',
  options: db.options,
  targets: [{ module: 'toy-database', versions: ['*'], patch: patchToyDatabase }],
});

module.exports = { ToyInstrumentation };

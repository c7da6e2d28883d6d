const { dbSuite } = require('@clew/testing');
const toy = require('./toy-database.cjs');
const { ToyInstrumentation } = require('./toy-plugin.cjs');

dbSuite({
  name: 'a toy',
  system: 'sqlite',
  placeholder: '?',
  instrument: (options) => {
    const instance = new ToyInstrumentation(options);
    instance.instrument(toy);
    return instance;
  },
  functions: () => [toy.Connection.prototype.send],
  open: async () => {
    const connection = new toy.Connection();
    const query = (sql, values = []) =>
      new Promise((resolve, reject) => {
        connection.send(sql, values, (error, rows) => (error ? reject(error) : resolve(rows)));
      });
    return {
      query,
      queryWithCallback: (sql, callback) => connection.send(sql, [], callback),
      transaction: async (work) => {
        await query('BEGIN');
        try {
          await work(query);
          await query('COMMIT');
        } catch (error) {
          await query('ROLLBACK');
          throw error;
        }
      },
      close: async () => connection.close(),
    };
  },
});

// Runs scenarios by name: `run({ pg, Cursor, QueryStream })`. POSTGRES_URL is the database.
const { inspect } = require('node:util');
const { scenarios } = require('./postgres-scenarios.cjs');

exports.run = async (modules) => {
  const print = (...values) => console.log(inspect(values, { depth: 9, breakLength: Infinity }));
  process.on('exit', (code) => print('exit', code));
  process.on('warning', ({ name, message }) => print('warning', name, message));
  const { usual, fatal } = scenarios({ ...modules, url: process.env.POSTGRES_URL, print });
  const [, , kind, name] = process.argv;
  if (kind === 'fatal') return await fatal[name]();
  for (const [each, scenario] of Object.entries(usual)) {
    print(each);
    await scenario();
  }
};

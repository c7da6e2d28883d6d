// `node mysql.cjs bare|traced <module> usual|fatal [scenario]`: MYSQL_URL is the database.
const { inspect } = require('node:util');

// The frames of the plugin must not displace those of the application.
Error.stackTraceLimit = 100;

const [, , mode, version, kind, name] = process.argv;
const mysql2 = require(version);
if (mode === 'traced') {
  const { init } = require('@clew/node');
  const { MySQL2Instrumentation } = require('@clew/instrumentation-mysql2');
  const plugin = new MySQL2Instrumentation();
  plugin.instrument(mysql2);
  init({ instrumentations: [plugin] });
}
const { scenarios } = require('./mysql-scenarios.cjs');

const print = (...values) => console.log(inspect(values, { depth: 9, breakLength: Infinity }));
process.on('exit', (code) => print('exit', code));
process.on('warning', ({ name: kindOfWarning, message }) => print('warning', kindOfWarning, message));
const { usual, fatal } = scenarios({ mysql2, url: process.env.MYSQL_URL, print });

async function runAll() {
  for (const [each, scenario] of Object.entries(usual)) {
    print(each);
    await scenario();
  }
}

if (kind === 'fatal') fatal[name]();
else runAll();

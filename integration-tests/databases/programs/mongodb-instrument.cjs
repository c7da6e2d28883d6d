// Patches a driver that is installed under another name, which the preload does not know; DRIVER is its name.
const { MongoDBInstrumentation } = require('@clew/instrumentation-mongodb');

const plugin = new MongoDBInstrumentation();
for (const file of ['lib/cmap/connection.js', 'lib/cmap/connection_pool.js', 'lib/sdam/topology.js'])
  plugin.instrument(require(`${process.env.DRIVER}/${file}`), 'mongodb', file);

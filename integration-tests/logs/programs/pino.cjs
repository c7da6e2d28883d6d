const pino = require('pino');
const work = require('./work.cjs');

const logger = pino({ base: null, timestamp: false });
void work((message, fields) => logger.info(fields, message));

const winston = require('winston');
const work = require('./work.cjs');

const logger = winston.createLogger({ transports: [new winston.transports.Console()] });
void work((message, fields) => logger.info(message, fields));

import pino from 'pino';
import work from './work.cjs';

const logger = pino({ base: null, timestamp: false });
await work((message, fields) => logger.info(fields, message));

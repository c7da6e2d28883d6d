import winston from 'winston';
import work from './work.cjs';

const logger = winston.createLogger({ transports: [new winston.transports.Console()] });
await work((message, fields) => logger.info(message, fields));

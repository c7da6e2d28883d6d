// Logs through transports in worker threads: to the file of the first argument, and prettily to that of the second.
import { pino } from 'pino';
import work from './work.cjs';

const [, , file, pretty] = process.argv;
const transport = pino.transport({
  targets: [
    { target: 'pino/file', options: { destination: file } },
    { target: 'pino-pretty', options: { destination: pretty, colorize: false } },
  ],
});
const logger = pino({ base: null, timestamp: false }, transport);
await work((message, fields) => logger.info(fields, message));

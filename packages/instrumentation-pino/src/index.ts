export { PinoInstrumentation } from './pino-instrumentation.ts';

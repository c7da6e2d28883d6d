export { WinstonInstrumentation } from './winston-instrumentation.ts';

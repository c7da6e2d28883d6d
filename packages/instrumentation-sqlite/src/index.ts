export { SqliteInstrumentation } from './sqlite-instrumentation.ts';

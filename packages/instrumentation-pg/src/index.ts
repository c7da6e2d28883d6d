export { PgInstrumentation } from './pg-instrumentation.ts';

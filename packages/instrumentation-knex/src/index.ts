export { KnexInstrumentation } from './knex-instrumentation.ts';

export { MySQL2Instrumentation } from './mysql2-instrumentation.ts';

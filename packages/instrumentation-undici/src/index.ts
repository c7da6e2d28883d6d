export { UndiciInstrumentation } from './undici-instrumentation.ts';

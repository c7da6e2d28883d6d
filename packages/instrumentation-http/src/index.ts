export { HttpInstrumentation } from './http-instrumentation.ts';

export { ChildProcessInstrumentation } from './child-process-instrumentation.ts';

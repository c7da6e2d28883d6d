export { AiInstrumentation } from './ai-instrumentation.ts';

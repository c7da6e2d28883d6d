export { OpenaiInstrumentation } from './openai-instrumentation.ts';

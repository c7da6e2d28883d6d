export { AnthropicInstrumentation } from './anthropic-instrumentation.ts';

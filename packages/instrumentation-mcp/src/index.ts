export type { McpRequest } from './hooks.ts';
export { McpInstrumentation } from './mcp-instrumentation.ts';

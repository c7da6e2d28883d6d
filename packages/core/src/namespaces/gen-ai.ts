// The template for clients of generative models. Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/
export { startGenAiCall as startCall } from '../templates/gen-ai.ts';
export { genAiOptions as options } from '../templates/gen-ai-options.ts';
export { contentParts, itemIndex, toolResponse, usageWithCache } from '../templates/gen-ai-parts.ts';
export { recordAgentResult, recordToolResult, startAgent, startTool } from '../templates/gen-ai-work.ts';

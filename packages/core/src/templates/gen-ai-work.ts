import { SpanKind } from '@opentelemetry/api';
import { cutText } from '../kit/cut-text.ts';
import { remembered } from '../kit/remembered.ts';
import type { Tools } from '../kit/target.ts';
import { ATTR } from '../semconv.ts';
import { startCall } from './client.ts';
import type { ClientCall } from './client-call.ts';
import { type ClientOperation, clientOperation } from './client-operation.ts';
import { responseAttributes } from './gen-ai-attributes.ts';
import { errorRecorder, recordContent } from './gen-ai-content.ts';
import type { GenAiOptions } from './gen-ai-options.ts';
import type { GenAiResponse } from './gen-ai-request.ts';

type GenAiTools = Tools<GenAiOptions>;

/** An agent: calls of a model and of tools until the task is done. */
export interface GenAiAgent {
  /** `gen_ai.agent.name`; part of the span's name. */
  readonly name: string | undefined;
  /** `gen_ai.provider.name` */
  readonly provider: string;
  readonly model: unknown;
}

/** The execution of a tool in this process. */
export interface GenAiTool {
  /** `gen_ai.tool.name`; part of the span's name. */
  readonly name: unknown;
  /** `gen_ai.tool.call.id` */
  readonly id: unknown;
  /** Recorded only if content is captured. */
  readonly arguments?: unknown;
}

/** Names are the application's or those that a model returns. */
const MAX_NAME_CHARS = 128;

/**
 * Starts the span of an agent's work. Returns `undefined` if it is not traced. The calls of models inside of it are spans of
 * their own, with their contents.
 * Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/
 */
export function startAgent(tools: GenAiTools, describe: () => GenAiAgent): ClientCall | undefined {
  return startCall(tools, () => {
    const { name, provider, model } = describe();
    return {
      operation: operationOf(
        JSON.stringify(['invoke_agent', name === undefined ? '' : cutText(name, MAX_NAME_CHARS)]),
      ),
      attributes: {
        [ATTR.genAiProviderName]: provider,
        ...(typeof model === 'string' && { [ATTR.genAiRequestModel]: model }),
      },
      recordedError: errorRecorder(tools.options),
    };
  });
}

/**
 * Starts the span of a tool that runs in this process. Returns `undefined` if it is not traced.
 * Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/#execute-tool-span
 */
export function startTool(tools: GenAiTools, describe: () => GenAiTool): ClientCall | undefined {
  let given: unknown;
  const call = startCall(tools, () => {
    const { name, id, arguments: args } = describe();
    given = args;
    return {
      operation: operationOf(JSON.stringify(['execute_tool', cutText(String(name), MAX_NAME_CHARS)])),
      attributes: typeof id === 'string' ? { [ATTR.genAiToolCallId]: id } : undefined,
      recordedError: errorRecorder(tools.options),
    };
  });
  if (call?.recording && tools.options.captureContent) recordContent(tools, call.span, 'arguments', given);
  return call;
}

/** Records what a tool has returned, if content is captured. */
export function recordToolResult(tools: GenAiTools, call: ClientCall, result: unknown): void {
  if (call.recording && tools.options.captureContent) recordContent(tools, call.span, 'result', result);
}

/** Records the sum of what an agent's calls have used. */
export function recordAgentResult(call: ClientCall, response: GenAiResponse): void {
  if (call.recording) call.span.setAttributes(responseAttributes(response));
}

/** Operations are created once for each name. */
const operationOf = remembered((key: string): ClientOperation => {
  const [operation, name] = JSON.parse(key) as [string, string];
  const isTool = operation === 'execute_tool';
  return clientOperation({
    method: operation,
    name: name === '' ? operation : `${operation} ${name}`,
    kind: SpanKind.INTERNAL,
    attributes: {
      [ATTR.genAiOperationName]: operation,
      ...(name !== '' && { [isTool ? ATTR.genAiToolName : ATTR.genAiAgentName]: name }),
      ...(isTool && { [ATTR.genAiToolType]: 'function' }),
    },
  });
});

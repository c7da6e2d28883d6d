import type { Attributes } from '@opentelemetry/api';
import { fieldsOf, type Message } from './protocol.ts';

/** Attribute keys of MCP. Source: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md */
export const KEY = {
  method: 'mcp.method.name',
  operation: 'gen_ai.operation.name',
  prompt: 'gen_ai.prompt.name',
  protocolName: 'network.protocol.name',
  protocolVersion: 'mcp.protocol.version',
  requestId: 'jsonrpc.request.id',
  resource: 'mcp.resource.uri',
  sessionId: 'mcp.session.id',
  statusCode: 'rpc.response.status_code',
  tool: 'gen_ai.tool.name',
  transport: 'network.transport',
} as const;

/** Names, ids and addresses come from a peer. */
const MAX_NAME_CHARS = 128;
const MAX_URI_CHARS = 1024;

/** The name and attributes of the span of a request or notification; its arguments are not read. */
export function describeMessage({ method, params, id }: Message): {
  readonly name: string;
  readonly attributes: Attributes;
} {
  const shown = shorten(method);
  const attributes: Attributes = { [KEY.method]: shown };
  if (typeof id === 'number' || typeof id === 'string') attributes[KEY.requestId] = shorten(String(id));
  const { name, uri } = fieldsOf(params);
  if (typeof uri === 'string') attributes[KEY.resource] = withoutSecrets(uri);
  const key = method === 'tools/call' ? KEY.tool : method === 'prompts/get' ? KEY.prompt : undefined;
  if (key === undefined || typeof name !== 'string') return { name: shown, attributes };
  const target = shorten(name);
  attributes[key] = target;
  if (key === KEY.tool) attributes[KEY.operation] = 'execute_tool';
  return { name: `${shown} ${target}`, attributes };
}

export function shorten(text: string): string {
  return text.slice(0, MAX_NAME_CHARS);
}

/** A resource's address without its query, fragment and credentials. */
function withoutSecrets(uri: string): string {
  return uri
    .slice(0, MAX_URI_CHARS)
    .replace(/[?#].*$/s, '')
    .replace(/^([a-z][a-z\d+.-]*:\/\/)[^/]*@/i, '$1');
}

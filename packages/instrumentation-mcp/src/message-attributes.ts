import { cutText } from '@clew/core/plugin';
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

/** The tool or prompt that a request names; `undefined` for other messages. */
export function targetOf({ method, params }: Message): string | undefined {
  if (method !== 'tools/call' && method !== 'prompts/get') return undefined;
  const { name } = fieldsOf(params);
  return typeof name === 'string' ? shorten(name) : undefined;
}

/** The name and the attributes of all spans with the same method and target. */
export function describeMessage(
  method: string,
  target: string | undefined,
): { readonly method: string; readonly name: string; readonly attributes: Attributes } {
  const shown = shorten(method);
  const attributes: Attributes = { [KEY.method]: shown };
  if (target === undefined) return { method: shown, name: shown, attributes };
  if (method === 'prompts/get') attributes[KEY.prompt] = target;
  else Object.assign(attributes, { [KEY.tool]: target, [KEY.operation]: 'execute_tool' });
  return { method: shown, name: `${shown} ${target}`, attributes };
}

/** The attributes of one message: its id and the resource that it names. Its arguments are not read. */
export function requestAttributes({ params, id }: Message): Attributes {
  const attributes: Attributes = {};
  if (typeof id === 'number' || typeof id === 'string') attributes[KEY.requestId] = shorten(String(id));
  const { uri } = fieldsOf(params);
  if (typeof uri === 'string') attributes[KEY.resource] = withoutSecrets(uri);
  return attributes;
}

export function shorten(text: string): string {
  return cutText(text, MAX_NAME_CHARS);
}

/** A resource's address without its query, fragment and credentials. */
function withoutSecrets(uri: string): string {
  return cutText(uri, MAX_URI_CHARS)
    .replace(/[?#].*$/s, '')
    .replace(/^([a-z][a-z\d+.-]*:\/\/)[^/]*@/i, '$1');
}

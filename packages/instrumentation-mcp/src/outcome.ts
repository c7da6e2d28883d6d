import { ATTR, type ClientCall, type Operation, rpc } from '@clew/core/plugin';
import { type Attributes, type Span, SpanStatusCode } from '@opentelemetry/api';
import { KEY } from './message-attributes.ts';
import { fieldsOf, type JsonRpcResponse, type Message } from './protocol.ts';

// Codes of JSON-RPC and of the SDK. Source: https://www.jsonrpc.org/specification#error_object
const METHOD_NOT_FOUND = -32_601;
const INTERNAL_ERROR = -32_603;
const SERVER_ERRORS = { from: -32_099, to: -32_000 } as const;

/** Errors that the SDK makes itself, without a response, by their code: numbers in 1.x and words in 2.x. */
const LOCAL_ERRORS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [-32_000, 'connection_closed'],
  ['CONNECTION_CLOSED', 'connection_closed'],
  [-32_001, 'timeout'],
  ['REQUEST_TIMEOUT', 'timeout'],
]);

/** The SDK adds the code to the message of an error. */
const CODE_PREFIX = /^MCP error -?\d+: /;

/** Records that a tool has failed, if its result is marked as an error. The message in the result is not recorded. */
export function failIfToolError(span: Span, method: string, result: unknown): void {
  if (method !== 'tools/call' || fieldsOf(result).isError !== true) return;
  span.setAttribute(ATTR.errorType, 'tool_error');
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/**
 * Records why a request of this process failed. `response` is the peer's response, if there was one. If the caller has
 * aborted the request, the template knows whether that is an error.
 */
export function failRequest(
  call: ClientCall,
  error: unknown,
  response: JsonRpcResponse['error'],
  isAborted: boolean,
): void {
  call.fail(error);
  if (isAborted) return;
  if (response === undefined) {
    const type = LOCAL_ERRORS.get(fieldsOf(error).code);
    if (type !== undefined) call.span.setAttribute(ATTR.errorType, type);
    return;
  }
  const message = String(response.message ?? '').replace(CODE_PREFIX, '');
  rpc.recordStatus(call.span, { code: String(response.code), isError: true, message });
}

/** Records the error with which a handler ends. Only some of its codes mean that this process has failed. */
export function failHandler(operation: Operation, message: Message, error: unknown): void {
  if (message.id === undefined) {
    operation.fail(error);
    return;
  }
  const given = fieldsOf(error).code;
  const code = Number.isSafeInteger(given) ? Number(given) : INTERNAL_ERROR;
  if (code === INTERNAL_ERROR || (code >= SERVER_ERRORS.from && code <= SERVER_ERRORS.to)) {
    operation.fail(error);
    operation.span.setAttribute(ATTR.errorType, String(code));
  }
  operation.span.setAttribute(KEY.statusCode, String(code));
}

/** The attributes of a request for which there is no handler. */
export const NOT_FOUND: Attributes = { [KEY.statusCode]: String(METHOD_NOT_FOUND) };

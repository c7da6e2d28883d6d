import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { cutText } from '../kit/cut-text.ts';
import { ATTR } from '../semconv.ts';

/** A message may contain a whole document, which would make the span too large for a batch. */
const MAX_MESSAGE_CHARS = 4096;

/** The status with which an RPC system ends a call. */
export interface RpcStatus {
  /** The name of the code, or its number as text if it has no name: `DEADLINE_EXCEEDED`, `-32602`. */
  readonly code: string;
  /** Whether the code is an error for this side of the call. The conventions of the RPC system have a list for each side. */
  readonly isError: boolean;
  /** Recorded with an error only; cut at 4,096 characters. */
  readonly message?: string | undefined;
}

/**
 * Records the status of a call: `rpc.response.status_code`, and for an error `error.type` and the error status. There is
 * no `exception` event, because the peer has sent a status and no exception.
 * Source: https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/
 *
 * @example
 * rpc.recordStatus(operation.span, { code: 'NOT_FOUND', isError: kind === SpanKind.CLIENT, message });
 */
export function recordRpcStatus(span: Span, { code, isError, message = '' }: RpcStatus): void {
  span.setAttribute(ATTR.rpcResponseStatusCode, code);
  if (!isError) return;
  span.setAttribute(ATTR.errorType, code);
  span.setStatus({
    code: SpanStatusCode.ERROR,
    ...(message !== '' && { message: cutText(message, MAX_MESSAGE_CHARS) }),
  });
}

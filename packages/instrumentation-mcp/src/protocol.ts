// The parts of the SDK that the plugin uses. Fields with `_` are the SDK's own.

/** A request or notification of JSON-RPC. What a peer has sent may have parameters of any type. */
export interface Message {
  readonly method: string;
  readonly params?: unknown;
  readonly id?: unknown;
}

export interface JsonRpcResponse {
  readonly id?: unknown;
  readonly error?: { readonly code?: unknown; readonly message?: unknown };
}

/** What a transport passes on with a message: 1.x has `requestInfo` and 2.x the request itself. */
export interface MessageExtra {
  readonly requestInfo?: { readonly headers?: unknown; readonly url?: unknown };
  readonly request?: { readonly url?: unknown };
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
}

/** The second argument of a handler of requests. */
export interface HandlerExtra {
  readonly signal?: AbortSignal;
  readonly mcpReq?: { readonly signal?: AbortSignal };
}

export type Handler = (this: unknown, ...args: unknown[]) => unknown;

/** One end of a connection: a client or a server. */
export interface Protocol {
  readonly transport?: object | undefined;
  readonly fallbackRequestHandler?: Handler;
  readonly fallbackNotificationHandler?: Handler;
  readonly _requestHandlers?: Map<string, Handler>;
  readonly _notificationHandlers?: Map<string, Handler>;
  /** The id of the next request. */
  readonly _requestMessageId?: number;
  /** Since 2.x. */
  readonly _negotiatedProtocolVersion?: unknown;
  readonly _options?: { readonly debouncedNotificationMethods?: readonly string[] };
}

/** Whether a value is a request or notification: an application may pass anything. */
export function isMessage(value: unknown): value is Message {
  return typeof fieldsOf(value).method === 'string';
}

/** These notifications belong to a request and have no spans. */
const WITHOUT_SPAN: ReadonlySet<string> = new Set(['notifications/progress', 'notifications/cancelled']);

/** Whether a notification has spans of its own. */
export function isTracedNotification({ method }: Message): boolean {
  return !WITHOUT_SPAN.has(method);
}

/** The value as an object, to read properties of what a peer has sent. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

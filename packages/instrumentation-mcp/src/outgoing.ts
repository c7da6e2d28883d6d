import {
  type ClientCall,
  client,
  contextSender,
  currentContext,
  guard,
  observePromise,
  remembered,
} from '@clew/core/plugin';
import { type Context, context, type Span, trace } from '@opentelemetry/api';
import { connectionAttributes, negotiated, receiverOf } from './connection.ts';
import { describeMessage, KEY, requestAttributes, targetOf } from './message-attributes.ts';
import { hookedRequest, type McpTools } from './options.ts';
import { failIfToolError, failRequest } from './outcome.ts';
import { inject, type OwnKeys } from './own-keys.ts';
import {
  fieldsOf,
  type JsonRpcResponse,
  type Message,
  type Protocol,
  type RequestOptions,
} from './protocol.ts';

/** A request that waits for its response. */
interface Pending {
  readonly current: Context;
  readonly caller: Context;
  /** The error of the response. */
  error?: JsonRpcResponse['error'];
}

/** The requests and notifications that this process sends. */
export class Outgoing {
  readonly #tools: McpTools;
  readonly #sendable = contextSender();
  readonly #pending = new WeakMap<Protocol, Map<number, Pending>>();
  /** By the CLIENT span of a request: 2.x repeats a request inside of it, with the parameters that it has sent. */
  readonly #injected = new WeakMap<Span, OwnKeys>();
  /** By method and target. */
  readonly #operations = remembered((method: string) =>
    remembered((target: string | undefined) => client.operation(describeMessage(method, target))),
  );

  constructor(tools: McpTools) {
    this.#tools = tools;
  }

  /** Sends a request in a CLIENT span, which ends with its promise. `send` is called once. */
  request<T>(
    protocol: Protocol,
    request: Message,
    options: RequestOptions | undefined,
    send: (request: Message) => T,
  ): T {
    const caller = currentContext();
    const id = protocol._requestMessageId;
    const call = this.#start(protocol, { ...request, id }, options?.signal);
    const pending: Pending = { current: call?.context ?? caller, caller };
    const waiting = this.#waiting(protocol);
    if (id !== undefined) waiting.set(id, pending);
    const done = () => {
      if (id !== undefined) waiting.delete(id);
      call?.end();
    };
    const fulfilled = (result: unknown) => {
      if (call?.recording)
        guard(`${this.#tools.name}: a result`, () =>
          this.#describeResult(protocol, call.span, request, result),
        );
      done();
    };
    const rejected = (error: unknown) => {
      if (call?.recording)
        guard(`${this.#tools.name}: an error`, () =>
          failRequest(call, error, pending.error, options?.signal?.aborted === true),
        );
      done();
    };
    let sent: T;
    try {
      const traced = this.#inject(protocol, request, pending.current, call);
      sent = context.with(pending.current, send, undefined, traced);
    } catch (error) {
      rejected(error);
      throw error;
    }
    return observePromise(sent, fulfilled, rejected);
  }

  /** Sends a notification in a CLIENT span, which ends when the transport has sent it. */
  notify<T>(protocol: Protocol, notification: Message, send: (notification: Message) => T): T {
    const call = this.#start(protocol, notification, undefined);
    const traced = isDebounced(protocol, notification)
      ? notification
      : this.#inject(protocol, notification, call?.context ?? currentContext(), call);
    return call === undefined ? send(traced) : call.settle(call.run(() => send(traced)));
  }

  /** Receives a response. What follows from it, such as a further round of the request, belongs to the request. */
  respond<T>(protocol: Protocol, response: JsonRpcResponse, proceed: () => T): T {
    const pending = this.#pending.get(protocol)?.get(Number(response.id));
    if (pending === undefined) return proceed();
    pending.error = response.error;
    return context.with(pending.current, proceed);
  }

  /** Calls the caller's listener for progress in the context of the caller. */
  progress<T>(protocol: Protocol, notification: Message, proceed: () => T): T {
    const id = Number(fieldsOf(notification.params).progressToken);
    const pending = this.#pending.get(protocol)?.get(id);
    return pending === undefined ? proceed() : context.with(pending.caller, proceed);
  }

  #start(protocol: Protocol, message: Message, signal: AbortSignal | undefined): ClientCall | undefined {
    const tools = this.#tools;
    const call = client.startCall(tools, () => ({
      operation: this.#operations(message.method)(targetOf(message)),
      attributes: { ...requestAttributes(message), ...connectionAttributes(protocol) },
      signal,
    }));
    if (call?.recording)
      tools.callHook(tools.options.requestHook, call.span, hookedRequest(message, 'client'));
    return call;
  }

  #inject(protocol: Protocol, message: Message, current: Context, call: ClientCall | undefined): Message {
    const sending = guard(`${this.#tools.name}: injecting`, () => {
      const sendable = this.#sendable(current, this.#tools.options, receiverOf(protocol));
      if (sendable === undefined) return message;
      const callerSpan = trace.getSpan(currentContext());
      const earlier = callerSpan === undefined ? undefined : this.#injected.get(callerSpan);
      const { params, keys } = inject(sendable, message.params, earlier);
      if (params === message.params) return message;
      if (call !== undefined) this.#injected.set(call.span, keys);
      return { ...message, params };
    });
    return sending ?? message;
  }

  #describeResult(protocol: Protocol, span: Span, request: Message, result: unknown): void {
    failIfToolError(span, request.method, result);
    if (request.method === 'initialize') {
      const version = negotiated(protocol, result);
      if (version !== undefined) span.setAttribute(KEY.protocolVersion, version);
    }
    this.#tools.callHook(this.#tools.options.responseHook, span, hookedRequest(request, 'client'), result);
  }

  #waiting(protocol: Protocol): Map<number, Pending> {
    let waiting = this.#pending.get(protocol);
    if (waiting === undefined) {
      waiting = new Map();
      this.#pending.set(protocol, waiting);
    }
    return waiting;
  }
}

/** The SDK sends several notifications as one if they have no parameters: they must not get any. */
function isDebounced({ _options: options }: Protocol, { method, params }: Message): boolean {
  return params === undefined && options?.debouncedNotificationMethods?.includes(method) === true;
}

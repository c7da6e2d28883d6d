import { types } from 'node:util';
import { carriers, isTracingSuppressed } from '@clew/core';
import { contextReceiver, currentContext, guard, Operation, observePromise } from '@clew/core/plugin';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { ambientContext, connectionAttributes, entranceOf, negotiated } from './connection.ts';
import { joinContexts, withSpanOf } from './joined-context.ts';
import { describeMessage, KEY, requestAttributes, targetOf } from './message-attributes.ts';
import { hookedRequest, isIgnored, type McpTools, withoutSpan } from './options.ts';
import { failHandler, failIfToolError, NOT_FOUND } from './outcome.ts';
import {
  fieldsOf,
  type Handler,
  type HandlerExtra,
  type Message,
  type MessageExtra,
  type Protocol,
} from './protocol.ts';

/** The name of the span of a request without a handler: the peer chooses the method. */
const UNKNOWN_METHOD = 'unknown method';

/** The requests and notifications that this process handles. */
export class Incoming {
  readonly #tools: McpTools;
  readonly #receive = contextReceiver(carriers.mcpMetaGetter);

  constructor(tools: McpTools) {
    this.#tools = tools;
  }

  /** Passes a request to the SDK, whose handler runs in a SERVER span until its promise settles. */
  request<T>(protocol: Protocol, message: Message, extra: MessageExtra | undefined, proceed: () => T): T {
    const { _requestHandlers: handlers, fallbackRequestHandler: fallback } = protocol;
    if (!types.isMap(handlers) || isTracingSuppressed(currentContext())) return proceed();
    const handler = handlers.get(message.method) ?? fallback;
    if (handler !== undefined)
      return withHandler(handlers, message.method, this.#traced(protocol, message, extra, handler), proceed);
    const operation = this.#start(protocol, message, extra, UNKNOWN_METHOD);
    const result = operation === undefined ? proceed() : operation.run(proceed);
    operation?.end(NOT_FOUND);
    return result;
  }

  /** Passes a notification to the SDK, whose handler runs in a SERVER span. Without a handler there is no span. */
  notification<T>(
    protocol: Protocol,
    message: Message,
    extra: MessageExtra | undefined,
    proceed: () => T,
  ): T {
    const { _notificationHandlers: handlers, fallbackNotificationHandler: fallback } = protocol;
    const handler = types.isMap(handlers) ? (handlers.get(message.method) ?? fallback) : undefined;
    if (handlers === undefined || handler === undefined || isTracingSuppressed(currentContext()))
      return proceed();
    return withHandler(handlers, message.method, this.#traced(protocol, message, extra, handler), proceed);
  }

  /** The handler of one message. */
  #traced(protocol: Protocol, message: Message, extra: MessageExtra | undefined, handler: Handler): Handler {
    const incoming = this;
    return function (...args) {
      const operation = incoming.#start(protocol, message, extra);
      if (operation === undefined) return handler.apply(this, args);
      const cancelled = incoming.#endWhenCancelled(operation, args[1]);
      const fulfilled = (result: unknown) => {
        cancelled?.forget();
        if (operation.recording)
          guard(`${incoming.#tools.name}: a result`, () =>
            incoming.#describeResult(protocol, operation, message, result),
          );
        operation.end();
      };
      const rejected = (error: unknown) => {
        cancelled?.forget();
        if (operation.recording)
          guard(`${incoming.#tools.name}: an error`, () => failHandler(operation, message, error));
        operation.end();
      };
      let result: unknown;
      try {
        result = context.with(operation.context, handler, this as never, ...(args as never[]));
      } catch (error) {
        rejected(error);
        throw error;
      }
      return observePromise(result, fulfilled, rejected);
    };
  }

  /** The caller has cancelled the request, or the connection has closed: there will be no response. */
  #endWhenCancelled(operation: Operation, extra: unknown): { forget(): void } | undefined {
    const { signal: own, mcpReq } = fieldsOf(extra) as HandlerExtra;
    const signal = own ?? mcpReq?.signal;
    if (!operation.recording || typeof signal?.addEventListener !== 'function') return undefined;
    const end = () => {
      if (operation.recording) operation.span.addEvent('cancelled');
      operation.end();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    return { forget: () => signal.removeEventListener('abort', end) };
  }

  #start(
    protocol: Protocol,
    message: Message,
    extra: MessageExtra | undefined,
    fixedName?: string,
  ): Operation | undefined {
    const tools = this.#tools;
    return guard(`${tools.name}: starting a span`, () => {
      const { trust, requestHook } = tools.options;
      const meta: unknown = fieldsOf(message.params)._meta;
      const received = this.#receive(meta, trust, () => entranceOf(message, extra));
      const { parent, base, links } = joinContexts(received, ambientContext(protocol));
      const described = describeMessage(message.method, targetOf(message));
      const name = fixedName ?? described.name;
      if (isIgnored(tools, name)) return withoutSpan(withSpanOf(parent, base));
      const attributes = {
        ...described.attributes,
        ...requestAttributes(message),
        ...connectionAttributes(protocol, extra),
      };
      const span = tools.tracer.startSpan(name, { kind: SpanKind.SERVER, attributes, links }, parent);
      if (span.isRecording()) tools.callHook(requestHook, span, hookedRequest(message, 'server'));
      return new Operation(span, trace.setSpan(base, span));
    });
  }

  #describeResult(protocol: Protocol, { span }: Operation, message: Message, result: unknown): void {
    failIfToolError(span, message.method, result);
    if (message.method === 'initialize') {
      const version = negotiated(protocol, result);
      if (version !== undefined) span.setAttribute(KEY.protocolVersion, version);
    }
    this.#tools.callHook(this.#tools.options.responseHook, span, hookedRequest(message, 'server'), result);
  }
}

/**
 * Calls the SDK with another handler for this one message: the SDK looks its handler up before it returns. That also
 * finds handlers that were set before the plugin was enabled, and a fallback, and changes none of them.
 */
function withHandler<T>(
  handlers: Map<string, Handler>,
  method: string,
  handler: Handler,
  proceed: () => T,
): T {
  const own = handlers.get(method);
  handlers.set(method, handler);
  try {
    return proceed();
  } finally {
    if (own === undefined) handlers.delete(method);
    else handlers.set(method, own);
  }
}

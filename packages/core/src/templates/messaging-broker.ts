import { Buffer } from 'node:buffer';
import {
  type Context,
  INVALID_SPAN_CONTEXT,
  type Link,
  propagation,
  type Span,
  type SpanKind,
  type SpanOptions,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import type { Tools } from '../kit/target.ts';
import { boundedWriter } from '../propagation/bounded-writer.ts';
import { messageGetter } from '../propagation/carrier-kind.ts';
import { incomingOf } from '../propagation/incoming.ts';
import { trustBy } from '../propagation/propagation-defaults.ts';
import { applyTrust } from '../propagation/trust.ts';
import { ATTR } from '../semconv.ts';
import type { MessagingAction } from './messaging-action.ts';
import { messageInjector } from './messaging-injection.ts';
import type { MessagingOptions } from './messaging-options.ts';
import type { MessagingView } from './messaging-view.ts';
import { WaitingOperations } from './messaging-waiting.ts';
import { Calls } from './rpc-call.ts';
import { ServedRequests } from './rpc-served-requests.ts';

/** The context of a delivery, as far as it is trusted. */
interface IncomingContext {
  readonly context: Context;
  readonly links: Link[] | undefined;
}

const NO_CONTEXT: IncomingContext = { context: rootContext, links: undefined };

/** What all channels of a plugin share. */
export class Broker<Sent, Delivery, Headers> {
  readonly tools: Tools<MessagingOptions>;
  readonly view: MessagingView<Sent, Delivery, Headers>;
  readonly calls: Calls;
  readonly served = new ServedRequests();
  readonly waiting: WaitingOperations;
  readonly #inject: (current: Context, message: Sent) => void;
  readonly #getter: TextMapGetter<Headers>;
  readonly #trustOf = trustBy();

  constructor(tools: Tools<MessagingOptions>, view: MessagingView<Sent, Delivery, Headers>) {
    this.tools = tools;
    this.view = view;
    this.calls = new Calls(() => tools.options.callTimeoutMs, this.served);
    this.waiting = new WaitingOperations(() => tools.options.consumeTimeoutMs);
    this.#getter = messageGetter(view.getter);
    const writer = boundedWriter(view.writer, {
      name: tools.name,
      availableBytes: (message) => view.availableHeaderBytes(message),
    });
    this.#inject = messageInjector(writer);
    tools.onDisable(() => {
      this.calls.stop();
      this.waiting.stop();
    });
  }

  inject(current: Context, message: Sent): void {
    this.#inject(current, message);
    this.view.injectBeside?.(current, message);
  }

  /** Reads the context of a delivery. `asLink` turns the parent into a link. */
  incoming(delivery: Delivery, asLink: boolean): IncomingContext {
    const { view, tools } = this;
    let extracted = propagation.extract(rootContext, view.headers(delivery), this.#getter);
    if (view.extractBeside !== undefined) extracted = view.extractBeside(extracted, delivery);
    if (extracted === rootContext) return NO_CONTEXT;
    const entrance = () => ({ path: view.queue(delivery), port: undefined, isQueue: true });
    const trusted = applyTrust(extracted, this.#trustOf(tools.options.trust, entrance));
    const links = incomingOf(trusted)?.links;
    const parent = asLink ? trace.getSpanContext(trusted) : undefined;
    if (parent !== undefined)
      return { context: trace.deleteSpan(trusted), links: [{ context: parent }, ...(links ?? [])] };
    return { context: trusted, links: links === undefined || links.length === 0 ? undefined : [...links] };
  }

  /** Starts the span of an action. For an ignored action, the span records nothing. */
  start(action: MessagingAction, kind: SpanKind, parent: Context, more?: SpanOptions): Span {
    const { name, attributes, ignored } = action;
    if (ignored === true) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const options = more === undefined ? { kind, attributes } : { kind, attributes, ...more };
    return this.tools.tracer.startSpan(name, options, parent);
  }

  describeSent(span: Span, message: Sent): void {
    const { view, tools } = this;
    if (tools.options.messageBodySize) describeBody(span, view.sentBody?.(message));
    view.describeSent?.(span, message);
  }

  describeDelivery(span: Span, delivery: Delivery): void {
    const { view, tools } = this;
    if (tools.options.messageBodySize) describeBody(span, view.deliveredBody?.(delivery));
    view.describeDelivery?.(span, delivery);
  }
}

function describeBody(span: Span, body: unknown): void {
  const bytes =
    typeof body === 'string' ? Buffer.byteLength(body) : ArrayBuffer.isView(body) ? body.byteLength : 0;
  span.setAttribute(ATTR.messagingMessageBodySize, bytes);
}

/** Ends a span that nothing else refers to, after a fault in its first steps. */
export function endAndThrow(span: Span, fault: unknown): never {
  span.end();
  throw fault;
}

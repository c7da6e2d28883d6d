import { suppressTracing } from '@clew/core';
import { currentContext, guard, messaging } from '@clew/core/plugin';
import { type Context, context, trace } from '@opentelemetry/api';
import type { Connections } from './connections.ts';
import { type Connection, isServersOwn, type Msg, type PublishOptions, type Replies } from './nats.ts';
import type { NatsConnection, Outbound } from './nats-view.ts';

type Options = PublishOptions | undefined;
type Send<This> = (this: This, subject: string, data?: unknown, options?: Options) => unknown;
type Respond = (this: Msg, data?: unknown, options?: Options) => unknown;

/** Patches the class of connections: `publish`, `request` and `requestMany`. */
export function patchConnection(prototype: object, connections: Connections): void {
  const { tools } = connections;
  tools.wrap<Send<Connection>>(
    prototype,
    'publish',
    (publish) =>
      function (subject, data, options) {
        const message = connections.outbound(this.protocol, subject, data, options, options?.reply);
        return send(message, options, (sent) => publish.call(this, subject, data, sent));
      },
  );
  for (const name of ['request', 'requestMany']) {
    const repliesEnd = name === 'request' ? undefined : (replies: unknown) => (replies as Replies).iterClosed;
    tools.wrap<Send<Connection>>(
      prototype,
      name,
      (request) =>
        function (subject, data, options) {
          const message = connections.outbound(this.protocol, subject, data, options);
          const proceed = (sent: Options) => request.call(this, subject, data, sent);
          return send(message, options, proceed, (messages, outbound, call) =>
            messages.call(outbound, suppressed(call), repliesEnd),
          );
        },
    );
  }
}

/** Patches the publishing of JetStream: a request whose reply is the acknowledgement of the server. */
export function patchJetStream(prototype: object, connections: Connections): void {
  connections.tools.wrap<Send<{ readonly nc: Connection }>>(
    prototype,
    'publish',
    (publish) =>
      function (subject, data, options) {
        const message = connections.outbound(this.nc.protocol, subject, data, options);
        const proceed = (sent: Options) => publish.call(this, subject, data, sent);
        return send(message, options, proceed, (messages, outbound, call) =>
          messages.send(outbound, suppressed(call)),
        );
      },
  );
}

/** Patches the class of delivered messages. Acknowledgements of JetStream are replies as well. */
export function patchRespond(prototype: object, connections: Connections): void {
  connections.tools.wrap<Respond>(
    prototype,
    'respond',
    (respond) =>
      function (data, options) {
        const proceed = (sent: Options) => respond.call(this, data, sent);
        if (!this.reply) return proceed(options);
        if (isServersOwn(this.reply)) {
          const result = proceed(options);
          guard('settling', () => connections.settle(this, data));
          return result;
        }
        const message = connections.outbound(this.publisher, this.reply, data, options);
        return send(message, options, proceed, (messages, outbound, call) =>
          messages.send(outbound, call, callerOf(this)),
        );
      },
  );
}

type Proceed = (message: Outbound) => unknown;

/** `proceed` calls the library with the options that contain the trace's headers. */
function send(
  message: Outbound | undefined,
  options: Options,
  proceed: (options: Options) => unknown,
  by: (messages: NatsConnection['messages'], message: Outbound, proceed: Proceed) => unknown = (
    messages,
    outbound,
    call,
  ) => messages.send(outbound, call),
): unknown {
  if (message === undefined) return proceed(options);
  return by(message.connection.messages, message, ({ headers, isCopy }) =>
    proceed(isCopy && headers !== undefined ? { ...options, headers } : options),
  );
}

/** The body of a loop over messages has the context of its function: a reply in it needs the context of the message. */
function callerOf(msg: Msg): Context {
  const current = currentContext();
  return trace.getSpan(current) === undefined ? (messaging.contextOf(msg) ?? current) : current;
}

/** The messages and subscriptions of the library's own for one call are not traced. */
function suppressed(proceed: Proceed): Proceed {
  return (message) => context.with(suppressTracing(currentContext()), proceed, undefined, message);
}

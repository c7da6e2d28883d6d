import { suppressTracing } from '@clew/core';
import { contextOfMessage, currentContext, guard } from '@clew/core/plugin';
import { type Context, context, trace } from '@opentelemetry/api';
import type { Connections } from './connections.ts';
import { type Connection, isServersOwn, type Msg, type PublishOptions, type Replies } from './nats.ts';
import type { Outbound } from './nats-view.ts';
import { settle } from './settle.ts';

type Send<This> = (this: This, subject: string, data?: unknown, options?: PublishOptions) => unknown;
type Respond = (this: Msg, data?: unknown, options?: PublishOptions) => unknown;

/** Patches the class of connections: `publish`, `request` and `requestMany`. */
export function patchConnection(prototype: object, connections: Connections): void {
  const { tools } = connections;
  tools.wrap<Send<Connection>>(
    prototype,
    'publish',
    (publish) =>
      function (subject, data, options) {
        const message = isServersOwn(subject)
          ? undefined
          : connections.outbound(this.protocol, subject, data, options);
        if (message === undefined) return publish.call(this, subject, data, options);
        const proceed = (sent: Outbound) => publish.call(this, subject, data, optionsOf(sent, options));
        return message.connection.messages.send(message, proceed);
      },
  );
  for (const name of ['request', 'requestMany']) {
    tools.wrap<Send<Connection>>(
      prototype,
      name,
      (request) =>
        function (subject, data, options) {
          const message = isServersOwn(subject)
            ? undefined
            : connections.outbound(this.protocol, subject, data, { headers: options?.headers });
          if (message === undefined) return request.call(this, subject, data, options);
          const proceed = (sent: Outbound) =>
            untraced(() => request.call(this, subject, data, optionsOf(sent, options)));
          return message.connection.messages.call(message, proceed, name === 'request' ? undefined : endOf);
        },
    );
  }
}

/** Patches the publishing of JetStream: a request whose reply is the acknowledgement. */
export function patchJetStream(prototype: object, connections: Connections): void {
  connections.tools.wrap<Send<{ readonly nc: Connection }>>(
    prototype,
    'publish',
    (publish) =>
      function (subject, data, options) {
        const message = connections.outbound(this.nc.protocol, subject, data, { headers: options?.headers });
        if (message === undefined) return publish.call(this, subject, data, options);
        const proceed = (sent: Outbound) =>
          untraced(() => publish.call(this, subject, data, optionsOf(sent, options)));
        return message.connection.messages.send(message, proceed);
      },
  );
}

/** Patches the class of delivered messages. JetStream's acknowledgements are replies, too. */
export function patchRespond(prototype: object, connections: Connections): void {
  connections.tools.wrap<Respond>(
    prototype,
    'respond',
    (respond) =>
      function (data, options) {
        const { reply } = this;
        if (!reply) return respond.call(this, data, options);
        if (isServersOwn(reply)) {
          const result = respond.call(this, data, options);
          guard('settling', () => settle(connections, this, data));
          return result;
        }
        const message = connections.outbound(this.publisher, reply, data, { headers: options?.headers });
        if (message === undefined) return respond.call(this, data, options);
        const proceed = (sent: Outbound) => respond.call(this, data, optionsOf(sent, options));
        return message.connection.messages.send(message, proceed, callerOf(this));
      },
  );
}

/** The body of a loop over messages has the context of its function: there the message's own is the right one. */
function callerOf(msg: Msg): Context {
  const current = currentContext();
  return trace.getSpan(current) === undefined ? (contextOfMessage(msg) ?? current) : current;
}

/** What the library sends and subscribes to on behalf of one call. */
function untraced<T>(call: () => T): T {
  return context.with(suppressTracing(currentContext()), call);
}

function optionsOf({ headers, isOwn }: Outbound, options: PublishOptions | undefined) {
  return isOwn && headers !== undefined ? { ...options, headers } : options;
}

function endOf(replies: unknown): unknown {
  return (replies as Replies).iterClosed;
}

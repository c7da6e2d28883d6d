import type { EnvelopedRequest } from '@clew/core';
import { ATTR, type MessagingAction, type MessagingOptions, messaging, rpc } from '@clew/core/plugin';
import type { Attributes } from '@opentelemetry/api';
import { RABBITMQ } from './rabbitmq-attributes.ts';

const SYSTEM = 'rabbitmq';

/** The RPC system of a call that has no envelope. */
export const PLAIN = 'amqp';

/** Names that the broker or a client library generates. */
const GENERATED_NAMES = /\bamq\.gen-[\w-]+|\bamq\.rabbitmq\.reply-to\b[^:]*|\breply_[\w:.-]+/;

export type Actions = ReturnType<typeof actionsOf>;

/** The actions on the messages of an exchange, a routing key and a queue. `server` has the attributes of the broker. */
export function actionsOf(tools: {
  readonly options: Pick<MessagingOptions, 'ignore' | 'destinationTemplates'>;
}) {
  return messaging.actionsBy(tools, GENERATED_NAMES, ({ label, isIgnored, once }) => {
    const labelOf = (names: string[]) =>
      nameOf(names.map(label)).replace('(temporary):(temporary)', '(temporary)');

    const delivery = (name: 'process' | 'receive') =>
      once((server: Attributes, exchange: string, key: string, queue: string) => {
        const names = key === queue ? [exchange, queue] : [exchange, key, queue];
        return messaging.createAction({
          system: SYSTEM,
          name,
          type: name,
          destination: nameOf(names),
          label: labelOf(names),
          more: { ...routingKey(key), ...server },
          ignored: isIgnored(exchange, queue),
        });
      });

    const call = (
      server: Attributes,
      exchange: string,
      key: string,
      method: string,
      kind: EnvelopedRequest['kind'],
      system: string,
    ): MessagingAction => ({
      ...rpc.createAction(system, kind, method, {
        [ATTR.messagingSystem]: SYSTEM,
        [ATTR.messagingDestinationName]: nameOf([exchange, key]),
        // The default exchange has no name: the key is the destination.
        ...(exchange !== '' && { [RABBITMQ.routingKey]: key }),
        ...server,
      }),
      ignored: isIgnored(exchange || key),
    });

    return {
      publish: once((server: Attributes, exchange: string, key: string) =>
        messaging.createAction({
          system: SYSTEM,
          name: 'publish',
          type: 'send',
          destination: nameOf([exchange, key]),
          label: labelOf([exchange, key]),
          more: { ...routingKey(key), ...server },
          ignored: isIgnored(exchange || key),
        }),
      ),
      process: delivery('process'),
      receive: delivery('receive'),
      /** A call of a method; `system` is that of its envelope. */
      call: once(call),
      /** A call that is named after its destination. */
      plainCall: once((server: Attributes, exchange: string, key: string) =>
        call(server, exchange, key, nameOf([exchange, key].map(label)), 'call', PLAIN),
      ),
      /** A call about `subject`, an exchange or a queue if there is one. It has a span only if it fails. */
      failed: once((server: Attributes, name: string, subject: string) =>
        messaging.createAction({
          system: SYSTEM,
          name,
          destination: subject,
          label: label(subject),
          more: server,
          ignored: isIgnored(subject),
        }),
      ),
    };
  });
}

/** Source: https://opentelemetry.io/docs/specs/semconv/messaging/rabbitmq/ */
function nameOf(names: string[]): string {
  return names.filter((name) => name !== '').join(':') || 'amq.default';
}

function routingKey(key: string): Attributes {
  return key === '' ? {} : { [RABBITMQ.routingKey]: key };
}

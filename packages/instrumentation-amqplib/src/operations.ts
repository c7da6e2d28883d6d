import {
  ATTR,
  createOperation,
  createRpcOperation,
  type EnvelopedRequest,
  labeller,
  type Operation,
  type OperationParts,
  remembered,
} from '@clew/core';
import type { Attributes } from '@opentelemetry/api';

const SYSTEM = 'rabbitmq';

/** The rpc system where only the message's properties tell of a call. */
const PLAIN = 'amqp';

/** Names that the broker or a client's library makes up. */
const label = labeller(/\bamq\.gen-[\w-]+|\bamq\.rabbitmq\.reply-to\b[^:]*|\breply_[\w:.-]+/);

/** The spans of one connection's messages: made once for each exchange, key and queue. */
export class Operations {
  readonly server: Attributes;
  readonly publish = remembered((exchange: string) =>
    remembered((key: string) => this.#create({ name: 'publish', type: 'send' }, [exchange, key], key)),
  );
  readonly process = this.#delivering('process', 'process');
  readonly receive = this.#delivering('receive', 'receive');
  readonly call = remembered((system: string = PLAIN) =>
    remembered((kind: EnvelopedRequest['kind']) =>
      remembered((method: string) =>
        remembered((exchange: string) =>
          remembered((key: string) =>
            createRpcOperation(system, kind, method, {
              [ATTR.messagingSystem]: SYSTEM,
              [ATTR.messagingDestinationName]: nameOf([exchange, key]),
              // The default exchange's name is empty, and its key all there is to say.
              ...(exchange !== '' && { [ATTR.messagingRabbitmqRoutingKey]: key }),
              ...this.server,
            }),
          ),
        ),
      ),
    ),
  );

  /** A call of which its destination says all. */
  readonly plainCall = remembered((exchange: string) =>
    remembered((key: string) =>
      this.call(undefined)('call')(nameOf([exchange, key].map(label)))(exchange)(key),
    ),
  );

  constructor(server: Attributes) {
    this.server = server;
  }

  /** A call of amqplib about topology, by its method's name. */
  failed(name: string, subject: string): Operation {
    return this.#create({ name, ...(subject === '' && { spanName: name }) }, [subject], '');
  }

  #delivering(name: string, type: 'process' | 'receive') {
    return remembered((exchange: string) =>
      remembered((key: string) =>
        remembered((queue: string) =>
          this.#create({ name, type }, key === queue ? [exchange, queue] : [exchange, key, queue], key),
        ),
      ),
    );
  }

  #create(what: Pick<OperationParts, 'name' | 'type' | 'spanName'>, parts: string[], key: string): Operation {
    const more = { ...(key !== '' && { [ATTR.messagingRabbitmqRoutingKey]: key }), ...this.server };
    return createOperation({
      ...what,
      system: SYSTEM,
      destination: nameOf(parts),
      label: nameOf(parts.map(label)).replace('(temporary):(temporary)', '(temporary)'),
      more,
    });
  }
}

/** Source: https://opentelemetry.io/docs/specs/semconv/messaging/rabbitmq/ */
function nameOf(parts: string[]): string {
  return parts.filter((part) => part !== '').join(':') || 'amq.default';
}

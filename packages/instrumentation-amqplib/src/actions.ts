import type { EnvelopedRequest } from '@clew/core';
import {
  type ActionParts,
  ATTR,
  createAction,
  createRpcAction,
  type MessagingAction,
  type Naming,
  type NamingTools,
  namingBy,
  remembered,
} from '@clew/core/plugin';
import type { Attributes } from '@opentelemetry/api';
import { RABBITMQ } from './rabbitmq-attributes.ts';

const SYSTEM = 'rabbitmq';

/** The rpc system where only the message's properties tell of a call. */
const PLAIN = 'amqp';

/** Names that the broker or a client's library makes up. */
const MADE_UP = /\bamq\.gen-[\w-]+|\bamq\.rabbitmq\.reply-to\b[^:]*|\breply_[\w:.-]+/;

/** Over all exchanges, keys and queues of a connection: applications make up names at run time. */
const MAX_OPERATIONS = 500;

/** The actions of one connection: made once for each exchange, key and queue, and anew when there are too many. */
export class MessagingActions {
  readonly server: Attributes;
  readonly tools: NamingTools;
  readonly #naming: () => Naming;
  #made = 0;
  #current: Naming;
  #tables = this.#makeTables();

  constructor(server: Attributes, tools: NamingTools) {
    this.server = server;
    this.tools = tools;
    this.#naming = namingBy(tools, MADE_UP);
    this.#current = this.#naming();
  }

  /** Made anew when the options change. */
  get #known() {
    const naming = this.#naming();
    if (naming !== this.#current) {
      this.#current = naming;
      this.#made = 0;
      this.#tables = this.#makeTables();
    }
    return this.#tables;
  }

  publish(exchange: string, key: string): MessagingAction {
    return this.#known.publish(exchange)(key);
  }

  process(exchange: string, key: string, queue: string): MessagingAction {
    return this.#known.process(exchange)(key)(queue);
  }

  receive(exchange: string, key: string, queue: string): MessagingAction {
    return this.#known.receive(exchange)(key)(queue);
  }

  /** A call of which its destination says all. */
  plainCall(exchange: string, key: string): MessagingAction {
    return this.#known.plainCall(exchange)(key);
  }

  /** A call by its method's name; `system` is that of its envelope. */
  call(
    system: string | undefined,
    kind: EnvelopedRequest['kind'],
    method: string,
    exchange: string,
    key: string,
  ): MessagingAction {
    return this.#known.call(system)(kind)(method)(exchange)(key);
  }

  /** A call of amqplib about topology, by its method's name. */
  failed(name: string, subject: string): MessagingAction {
    return this.#known.failed(name)(subject);
  }

  #makeTables() {
    return {
      publish: remembered((exchange: string) =>
        remembered((key: string) =>
          this.#create({ name: 'publish', type: 'send' }, [exchange, key], key, [exchange || key]),
        ),
      ),
      failed: remembered((name: string) =>
        remembered((subject: string) => this.#create({ name }, [subject], '', [subject])),
      ),
      process: this.#delivering('process', 'process'),
      receive: this.#delivering('receive', 'receive'),
      plainCall: remembered((exchange: string) =>
        remembered((key: string) =>
          this.#createCall(PLAIN, 'call', nameOf([exchange, key].map(this.#current.label)), exchange, key),
        ),
      ),
      call: remembered((system: string = PLAIN) =>
        remembered((kind: EnvelopedRequest['kind']) =>
          remembered((method: string) =>
            remembered((exchange: string) =>
              remembered((key: string) => this.#createCall(system, kind, method, exchange, key)),
            ),
          ),
        ),
      ),
    };
  }

  #delivering(name: string, type: 'process' | 'receive') {
    return remembered((exchange: string) =>
      remembered((key: string) =>
        remembered((queue: string) => {
          const parts = key === queue ? [exchange, queue] : [exchange, key, queue];
          return this.#create({ name, type }, parts, key, [exchange, queue]);
        }),
      ),
    );
  }

  /** `names` are the exchange and the queue, as far as they are known: the option `ignore` is about these. */
  #create(
    what: Pick<ActionParts, 'name' | 'type'>,
    parts: string[],
    key: string,
    names: string[],
  ): MessagingAction {
    this.#count();
    // Some calls are about a channel or a connection; to publish to the default exchange always has a key or a queue.
    const isNowhere = what.type === undefined && parts.every((part) => part === '');
    const more = { ...(key !== '' && { [RABBITMQ.routingKey]: key }), ...this.server };
    return createAction({
      ...what,
      system: SYSTEM,
      destination: isNowhere ? '' : nameOf(parts),
      label: isNowhere
        ? ''
        : nameOf(parts.map(this.#current.label)).replace('(temporary):(temporary)', '(temporary)'),
      more,
      ignored: this.#current.isIgnored(...names),
    });
  }

  #createCall(
    system: string,
    kind: EnvelopedRequest['kind'],
    method: string,
    exchange: string,
    key: string,
  ): MessagingAction {
    this.#count();
    const action = createRpcAction(system, kind, method, {
      [ATTR.messagingSystem]: SYSTEM,
      [ATTR.messagingDestinationName]: nameOf([exchange, key]),
      // The default exchange has no name: the key is the destination.
      ...(exchange !== '' && { [RABBITMQ.routingKey]: key }),
      ...this.server,
    });
    return this.#current.isIgnored(exchange || key) ? { ...action, ignored: true } : action;
  }

  #count(): void {
    if (++this.#made <= MAX_OPERATIONS) return;
    this.#made = 1;
    this.#tables = this.#makeTables();
  }
}

/** Source: https://opentelemetry.io/docs/specs/semconv/messaging/rabbitmq/ */
function nameOf(parts: string[]): string {
  return parts.filter((part) => part !== '').join(':') || 'amq.default';
}

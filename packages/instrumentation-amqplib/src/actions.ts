import type { EnvelopedRequest } from '@clew/core';
import {
  type ActionParts,
  ATTR,
  createAction,
  createRpcAction,
  guard,
  labeller,
  type MessagingAction,
  matchesAny,
  type Pattern,
  remembered,
} from '@clew/core/plugin';
import type { Attributes } from '@opentelemetry/api';

const SYSTEM = 'rabbitmq';

/** The rpc system where only the message's properties tell of a call. */
const PLAIN = 'amqp';

/** Names that the broker or a client's library makes up. */
const MADE_UP = /\bamq\.gen-[\w-]+|\bamq\.rabbitmq\.reply-to\b[^:]*|\breply_[\w:.-]+/;

/** Over all exchanges, keys and queues of a connection: applications make up names at run time. */
const MAX_OPERATIONS = 500;

/** The options that names and actions depend on; another object whenever one of them changes. */
export interface NamingOptions {
  readonly ignore: readonly Pattern[];
  readonly destinationTemplates: readonly string[];
}

/** Where the options are, as they are now. */
export interface NamingTools {
  readonly options: NamingOptions;
}

/** The actions of one connection: made once for each exchange, key and queue, and anew when there are too many. */
export class MessagingActions {
  readonly server: Attributes;
  readonly tools: NamingTools;
  #made = 0;
  #options: NamingOptions;
  #label: (name: string) => string;
  #tables = this.#makeTables();

  constructor(server: Attributes, tools: NamingTools) {
    this.server = server;
    this.tools = tools;
    this.#options = tools.options;
    this.#label = labeller(MADE_UP, tools.options.destinationTemplates);
  }

  /** Made anew when the options change. */
  get #known() {
    const { options } = this.tools;
    if (options !== this.#options) {
      this.#options = options;
      this.#label = labeller(MADE_UP, options.destinationTemplates);
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
          this.#createCall(PLAIN, 'call', nameOf([exchange, key].map(this.#label)), exchange, key),
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
    const more = { ...(key !== '' && { [ATTR.messagingRabbitmqRoutingKey]: key }), ...this.server };
    return createAction({
      ...what,
      system: SYSTEM,
      destination: isNowhere ? '' : nameOf(parts),
      label: isNowhere
        ? ''
        : nameOf(parts.map(this.#label)).replace('(temporary):(temporary)', '(temporary)'),
      more,
      ignored: this.#isIgnored(names),
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
      ...(exchange !== '' && { [ATTR.messagingRabbitmqRoutingKey]: key }),
      ...this.server,
    });
    return this.#isIgnored([exchange || key]) ? { ...action, ignored: true } : action;
  }

  #isIgnored(names: readonly string[]): boolean {
    const { ignore } = this.#options;
    if (ignore.length === 0) return false;
    return names.some(
      (name) => name !== '' && guard('the option ignore', () => matchesAny(ignore, name)) === true,
    );
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

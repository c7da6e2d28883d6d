import type { EventEmitter } from 'node:events';
import type { Api, Message } from './apis.ts';

type AnyFunction = (...args: unknown[]) => unknown;

/** The properties of an error that an application can read. */
function errorOf(error: unknown): Record<string, unknown> {
  const { name, message, code, classId, methodId } = error as Record<string, unknown>;
  return { name, message: String(message).replace(/amq\.gen-[\w-]+|\d{4,}/g, '…'), code, classId, methodId };
}

/** Name and length of every method of a channel, by class. */
function functionsOf(channel: object): unknown[] {
  const found: unknown[] = [];
  for (
    let prototype: object | null = Object.getPrototypeOf(channel);
    prototype && prototype.constructor.name !== 'EventEmitter';
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const key of Reflect.ownKeys(prototype)) {
      const value: unknown = Reflect.get(prototype, key);
      if (typeof value === 'function')
        found.push([prototype.constructor.name, key, value.name, value.length]);
    }
  }
  // The plugin adds `emit` to a class that inherits it.
  return found.filter((entry) => (entry as unknown[])[1] !== 'emit');
}

function messageOf(message: Message): unknown {
  const { traceparent, ...headers } = message.properties.headers;
  return {
    keys: Object.keys(message),
    fields: { ...message.fields, consumerTag: undefined },
    properties: { ...message.properties, headers: { ...headers } },
    content: message.content.toString(),
  };
}

/** Uses many functions of amqplib, and returns all that an application can observe. */
export async function behaviourOf(api: Api, url: string, queue: string): Promise<unknown[]> {
  const observed: unknown[] = [];
  const record = (what: string, ...values: unknown[]) => observed.push([what, ...values]);
  const recordEvents = (name: string, emitter: EventEmitter, ...events: string[]) => {
    for (const event of events)
      emitter.on(event, (...args: unknown[]) =>
        record(`${name} ${event}`, args.length, args[0] instanceof Error ? errorOf(args[0]) : typeof args[0]),
      );
  };
  const fails = async (what: string, run: () => unknown) => {
    try {
      record(what, typeof (await run()));
    } catch (error) {
      record(`${what} fails`, errorOf(error));
    }
  };

  const connection = await api.connect(url);
  recordEvents('connection', connection.raw, 'error', 'close');
  const channel = await connection.channel();
  const raw = channel.raw as unknown as Record<string, AnyFunction> & EventEmitter;
  record('channel', Object.keys(raw).sort(), raw.eventNames(), functionsOf(raw));
  record(
    'listeners',
    raw.eventNames().map((event) => raw.listenerCount(event)),
  );
  recordEvents('channel', raw, 'error', 'close', 'return', 'drain');

  record('declared', await channel.ask('assertQueue', queue, { exclusive: true }));
  record('empty', await channel.get(queue, { noAck: true }));
  record('sent', channel.raw.sendToQueue(queue, Buffer.from('1'), { headers: { a: 1 }, messageId: 'm' }));
  await channel.ask('checkQueue', queue);
  record('fetched', messageOf((await channel.get(queue, { noAck: true })) as Message));
  await fails('text as content', () => channel.raw.sendToQueue(queue, 'text' as unknown as Buffer));

  await new Promise<void>((resolve) => {
    const handler = function (this: unknown, ...args: unknown[]) {
      record(
        'handler',
        this === undefined,
        args.length,
        args[0] === null ? null : messageOf(args[0] as Message),
      );
      if (args[0] === null) return resolve();
      const settled = channel.raw.ack(args[0] as Message) as unknown;
      record('ack', settled === undefined ? 'nothing' : settled === raw);
      void channel.ask('deleteQueue', queue, {});
      return undefined;
    };
    void channel.consume(queue, handler, { consumerTag: 'tag' }).then((tag) => {
      record('tag', tag);
      channel.raw.sendToQueue(queue, Buffer.from('2'), { correlationId: 'c', replyTo: 'somewhere' });
    });
  });
  record('unroutable', channel.raw.publish('', 'clew.no-queue', Buffer.from('3'), { mandatory: true }));
  await new Promise((resolve) => raw.once('return', resolve));
  await fails('a missing queue', () => channel.ask('checkQueue', 'clew.never'));
  await fails('a closed channel', () => channel.raw.sendToQueue(queue, Buffer.from('4')));
  await fails('closing it again', () => channel.close());

  const confirming = await connection.confirmChannel();
  const confirm = await new Promise<unknown[]>((resolve) => {
    record(
      'confirmed later',
      confirming.raw.publish('', 'clew.no-queue', Buffer.from('5'), {}, (...args: unknown[]) =>
        resolve(args),
      ),
    );
  });
  record('confirmed', confirm);
  confirming.raw.publish('', 'clew.no-queue', Buffer.from('6'));
  record('waited', typeof (await confirming.ask('waitForConfirms').catch((error) => error)));
  recordEvents('confirming', confirming.raw, 'error', 'close');
  const lost: unknown[] = [];
  confirming.raw.publish('clew.missing', 'x', Buffer.from('7'), {}, (error) => lost.push(errorOf(error)));
  confirming.raw.publish('clew.missing', 'x', Buffer.from('8'));
  confirming.raw.publish('clew.missing', 'x', Buffer.from('9'), {}, (error) => lost.push(errorOf(error)));
  await new Promise((resolve) => confirming.raw.once('close', resolve));
  await new Promise((resolve) => setTimeout(resolve, 10));
  record('lost confirms', lost);
  await connection.close();
  await fails('a closed connection', () => connection.channel());
  await fails('a closed port', () => api.connect('amqp://guest:guest@127.0.0.1:9'));
  await fails('another protocol', () => api.connect('http://127.0.0.1:9'));
  return JSON.parse(JSON.stringify(observed)) as unknown[];
}

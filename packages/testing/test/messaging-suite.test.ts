import { messaging } from '@clew/core/plugin';
import { messagingSuite, rpcSuite } from '@clew/testing';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { openChannel, type Parcel, parcel } from './toy-broker.ts';

// The suites with a broker in memory, which is traced by the template and a view only.

const NO_PATCHES = 'it patches no function';

/** A queue in memory, and the plugin that traces it. */
function toyQueue(options: object = {}) {
  const channel = openChannel(options)();
  let isOn = true;
  let handler: ((delivered: Parcel, tag: number) => unknown) | undefined;
  let tags = 0;
  // A delivery has only the context that is in the message.
  const deliver = (sent: Parcel, isRedelivered = false) =>
    context.with(ROOT_CONTEXT, setImmediate, undefined, () => {
      const delivered = { ...sent, isRedelivered };
      const tag = ++tags;
      const handle = () => handler?.(delivered, tag);
      if (isOn) channel.process(delivered, settles ? tag : undefined, handle);
      else handle();
    });
  let settles = false;
  return {
    channel,
    subject: {
      enable() {
        isOn = true;
      },
      disable() {
        isOn = false;
      },
    },
    send(sent: Parcel, receive: (sent: Parcel) => unknown = deliver) {
      if (isOn) channel.send(sent, receive);
      else receive(sent);
    },
    consume(given: typeof handler) {
      handler = given;
    },
    consumeAndSettle(given: typeof handler) {
      [handler, settles] = [given, true];
    },
    deliver,
  };
}

let queue = toyQueue();
const instrument = (options: object = {}) => {
  queue = toyQueue(options);
  return queue.subject;
};

messagingSuite({
  name: 'a toy broker',
  system: 'toy',
  functions: NO_PATCHES,
  longestHeader: 4096 - 100,
  instrument,
  contextOf: ({ original }) => messaging.contextOf(original) as never,
  async open() {
    return {
      send: (headers = {}) => queue.send(parcel('songs', { headers: { ...(headers as Parcel['headers']) } })),
      async consume(handler) {
        queue.consume((delivered) => handler({ headers: delivered.headers, original: delivered }));
      },
      close: async () => {},
    };
  },
  async openBatches() {
    const { channel } = queue;
    const batch: Parcel[] = [];
    let onFull = () => {};
    let maxSize = 0;
    return {
      send: () => {
        queue.send(parcel('songs'), (sent) => {
          if (batch.push({ ...sent }) === maxSize) onFull();
        });
      },
      async consume(size, handler) {
        maxSize = size;
        onFull = () => channel.processBatch(batch, [], handler);
      },
      close: async () => {},
    };
  },
  async openSettling() {
    const { channel } = queue;
    return {
      send: () => queue.send(parcel('songs')),
      async consume(handler) {
        queue.consumeAndSettle((delivered, tag) =>
          handler({
            accept: () => channel.settle(tag, false, 'ack'),
            refuse() {
              channel.settle(tag, false, 'nack');
              queue.deliver(delivered, true);
            },
          }),
        );
      },
      async close() {
        channel.close({ type: 'connection_closed', message: 'the application closed the connection' });
      },
    };
  },
});

rpcSuite({
  name: 'a toy broker',
  system: 'toy-rpc',
  instrument,
  async open() {
    const waiting = new Map<string, () => void>();
    const replyTo = 'replies';
    queue.channel.listen(replyTo);
    return {
      async serve(handler) {
        queue.consume(({ id = '', topic }) => {
          if (topic === replyTo) waiting.get(id)?.();
          else return handler({ reply: () => queue.send(parcel(replyTo, { id })) });
          return undefined;
        });
      },
      call: () =>
        new Promise<void>((resolve) => {
          const id = String(waiting.size);
          waiting.set(id, resolve);
          queue.send(parcel('songs', { id, replyTo }));
        }),
      close: async () => {},
    };
  },
});

import { guard } from '@clew/core/plugin';
import type { Connections } from './connections.ts';
import { isJetStream, readJetStream, readPlain } from './deliveries.ts';
import { protocolOf, type Subscription } from './nats.ts';

type Iterate = (this: Subscription, ...args: unknown[]) => AsyncIterator<unknown>;

/** Patches the class that creates the iterators of a subscription: all kinds of subscriptions have the same. */
export function patchIterators(subscription: object, connections: Connections): void {
  let prototype = Object.getPrototypeOf(subscription) as object | null;
  while (prototype !== null && !Object.hasOwn(prototype, 'iterate'))
    prototype = Object.getPrototypeOf(prototype);
  if (prototype === null) return;
  const found = prototype;
  connections.tools.once(found, () =>
    connections.tools.wrap<Iterate>(
      found,
      'iterate',
      (iterate) =>
        function (...args) {
          const iterator = Reflect.apply(iterate, this, args);
          guard('an iterator', () => traceIterator(connections, this, iterator));
          return iterator;
        },
    ),
  );
}

function traceIterator(
  connections: Connections,
  source: Subscription,
  iterator: AsyncIterator<unknown>,
): void {
  const protocol = protocolOf(source);
  // An iterator over the connection's events or over the replies to a request.
  if (protocol === undefined) return;
  connections.of(protocol).messages.iterate(iterator, (item) => {
    const delivery = isJetStream(item)
      ? readJetStream(connections, item, source)
      : readPlain(connections, item, source.subject ?? '', source.queue);
    return delivery && { delivery, tag: connections.tagOf(delivery.msg) };
  });
}

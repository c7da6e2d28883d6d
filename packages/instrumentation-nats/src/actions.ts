import {
  ATTR,
  createAction,
  createRpcAction,
  type MessagingAction,
  type Naming,
  remembered,
} from '@clew/core/plugin';
import { type Protocol, serverOf } from './nats.ts';
import type { Inbound } from './nats-view.ts';

const SYSTEM = 'nats';

/** The library makes them up for each connection and request. */
export const INBOX = /_INBOX\.[\w.]+/;

export type Actions = ReturnType<typeof actionsOf>;

/** The actions of a connection, each made once. */
export function actionsOf(protocol: Protocol, naming: Naming) {
  const server = serverOf(protocol);
  const partsOf = (key: string) => {
    const [destination = '', pattern = destination] = key.split(' ');
    return { destination, label: naming.label(pattern), ignored: naming.isIgnored(destination) };
  };
  const message = (name: 'publish' | 'process', type: 'send' | 'process') =>
    remembered((key: string) => createAction({ system: SYSTEM, name, type, more: server, ...partsOf(key) }));
  return {
    naming,
    server: protocol.getServer?.(),
    publish: message('publish', 'send'),
    process: message('process', 'process'),
    call: remembered((key: string): MessagingAction => {
      const { destination, label: method, ignored } = partsOf(key);
      const more = {
        [ATTR.messagingSystem]: SYSTEM,
        [ATTR.messagingDestinationName]: destination,
        ...server,
      };
      return { ...createRpcAction(SYSTEM, 'call', method, more), ignored };
    }),
  };
}

/** The key of a delivery's action. A subject never contains a space. */
export function keyOf({ msg: { subject }, pattern }: Inbound): string {
  return pattern === undefined ? subject : `${subject} ${pattern}`;
}

import {
  ATTR,
  type MessagingAction,
  type MessagingOptions,
  messaging,
  remembered,
  rpc,
} from '@clew/core/plugin';
import type { Attributes } from '@opentelemetry/api';
import type { Server } from './nats.ts';

const SYSTEM = 'nats';

/** The client generates a name for each connection and request. */
const INBOX = /_INBOX\.[\w.]+/;

export type Actions = ReturnType<typeof actionsOf>;

/** The actions on messages, which are named after `pattern`: the subject, or the wildcard that was subscribed to. */
export function actionsOf(tools: { readonly options: MessagingOptions }) {
  return messaging.actionsBy(tools, INBOX, ({ label, isIgnored, once }) => {
    const message = (name: 'publish' | 'process', type: 'send' | 'process') =>
      once((server: Attributes, destination: string, pattern: string) =>
        messaging.createAction({
          system: SYSTEM,
          name,
          type,
          destination,
          label: label(pattern),
          more: server,
          ignored: isIgnored(destination),
        }),
      );
    return {
      publish: message('publish', 'send'),
      process: message('process', 'process'),
      call: once((server: Attributes, destination: string, pattern: string): MessagingAction => {
        const more = {
          [ATTR.messagingSystem]: SYSTEM,
          [ATTR.messagingDestinationName]: destination,
          ...server,
        };
        const action = rpc.createAction(SYSTEM, 'call', label(pattern), more);
        return { ...action, ignored: isIgnored(destination) };
      }),
    };
  });
}

/** From the server that the client chose, never from a URL, which may contain credentials. */
export const attributesOf = remembered((server: Server | undefined) =>
  messaging.serverAttributes(server?.hostname, server?.port),
);

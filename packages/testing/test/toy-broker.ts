import { labeller } from '@clew/core/internal';
import { ATTR, type MessagingOptions, type MessagingView, messaging, rpc } from '@clew/core/plugin';
import { suiteTools } from '../src/index.ts';

// A broker in memory, and a view of its messages as a plugin would write it.

export interface Parcel {
  readonly topic: string;
  readonly headers: Record<string, string>;
  readonly isRedelivered?: boolean;
  readonly id?: string;
  readonly replyTo?: string;
  readonly failure?: { readonly type: string; readonly message: string };
  readonly more?: boolean;
  readonly timeoutMs?: number;
  readonly silenceTimeoutMs?: number;
}

export const label = labeller(/tmp-\d+/);
/** The maximum size of a parcel's headers. */
const MAX_HEADER_BYTES = 4096;
const action = (name: string, type: 'send' | 'process', topic: string) =>
  messaging.createAction({ system: 'toy', name, type, destination: topic, label: label(topic) });

const correlationOf = ({ id, topic, ...more }: Parcel) =>
  id === undefined ? undefined : { ...more, id, address: topic };

const view: MessagingView<Parcel, Parcel, Record<string, string>> = {
  sending: ({ topic }) => action('send', 'send', topic),
  processing: ({ topic }) => action('process', 'process', topic),
  writer: {
    set: ({ headers }, name, value) => {
      headers[name] = value;
    },
    has: ({ headers }, name) => name in headers,
    remove: ({ headers }, name) => {
      delete headers[name];
    },
    names: ({ headers }) => Object.keys(headers),
  },
  availableHeaderBytes: ({ headers }) => MAX_HEADER_BYTES - JSON.stringify(headers).length,
  headers: ({ headers }) => headers,
  identity: (delivered) => delivered,
  getter: { get: (headers, name) => headers[name], keys: Object.keys },
  queue: ({ topic }) => topic,
  describeDelivery(span, { isRedelivered }) {
    if (isRedelivered === true) span.setAttribute(ATTR.messagingRedelivered, true);
  },
  rpc: {
    sent: correlationOf,
    delivered: correlationOf,
    calling: ({ topic }) => rpc.createAction('toy-rpc', 'call', topic, {}),
    serving: ({ topic }) => rpc.createAction('toy-rpc', 'call', topic, {}),
  },
};

export const parcel = (topic: string, more: Partial<Parcel> = {}): Parcel => ({
  topic,
  headers: {},
  ...more,
});
export const openChannel = (options: Partial<MessagingOptions> = {}, more: Partial<typeof view> = {}) =>
  messaging.channels(
    suiteTools<MessagingOptions>({
      trust: undefined,
      useLinksForConsume: false,
      consumeTimeoutMs: 0,
      callTimeoutMs: 0,
      messageBodySize: false,
      ignore: [],
      destinationTemplates: [],
      ...options,
    }),
    { ...view, ...more },
  );
export const broken = () => {
  throw new Error('the view is broken');
};

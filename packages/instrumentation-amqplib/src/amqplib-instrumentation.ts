import { defineInstrumentation, messaging, rpc } from '@clew/core/plugin';
import { type AmqplibTools, Channels } from './channel-state.ts';
import { nestEnvelope } from './envelopes/nest.ts';
import { hookOptions } from './hooks.ts';
import { patchChannel } from './patch-channel.ts';
import { patchConnect } from './patch-connect.ts';

declare const __VERSION__: string;

const options = {
  ...hookOptions,
  ...messaging.options,
  envelopes: rpc.envelopesOption({
    nest: nestEnvelope,
    oslo: '@clew/osprofiler#osloEnvelopeFromEnvironment',
  }),
} as const;

const VERSIONS = ['>=0.10 <3'];

/** Traces amqplib: messages sent, delivered and fetched, and the calls that requests and replies make. */
export const AmqplibInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-amqplib',
  version: __VERSION__,
  options,
  targets: [
    { module: 'amqplib', versions: VERSIONS, patch },
    { module: 'amqplib', versions: VERSIONS, file: 'callback_api.js', patch },
    { module: 'amqplib', versions: VERSIONS, file: 'lib/channel_model.js', patch },
    { module: 'amqplib', versions: VERSIONS, file: 'lib/callback_model.js', patch },
  ],
});

export type AmqplibInstrumentation = InstanceType<typeof AmqplibInstrumentation>;

const channelsOf = new WeakMap<AmqplibTools, Channels>();

/**
 * Patches an API, or the channels of one. Both are targets, because an application that calls `instrument()` has only
 * the API, from whose first connection the plugin gets to the channels.
 */
function patch(moduleExports: unknown, tools: AmqplibTools): void {
  tools.once(tools, () => channelsOf.set(tools, new Channels(tools)));
  const channels = channelsOf.get(tools) as Channels;
  const { Channel } = moduleExports as { readonly Channel?: { readonly prototype: object } };
  if (Channel === undefined) patchConnect(moduleExports as object, channels);
  else patchChannel(Channel.prototype, channels);
}

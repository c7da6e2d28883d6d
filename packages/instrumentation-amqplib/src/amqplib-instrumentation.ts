import { defineInstrumentation, envelopesOption, messagingOptions } from '@clew/core/plugin';
import { nestEnvelope } from './envelopes/nest.ts';
import { prepareEncoder } from './header-table.ts';
import { hookOptions } from './hooks.ts';
import { type AmqplibTools, patchChannel } from './patch-channel.ts';
import { patchConnect } from './patch-connect.ts';

declare const __VERSION__: string;

const options = {
  ...hookOptions,
  ...messagingOptions,
  envelopes: envelopesOption({ nest: nestEnvelope, oslo: '@clew/osprofiler#osloEnvelopeFromEnvironment' }),
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
    { module: 'amqplib', versions: VERSIONS, file: 'lib/channel.js', patch },
    { module: 'amqplib', versions: VERSIONS, file: 'lib/codec.js', patch: patchCodec },
  ],
});

export type AmqplibInstrumentation = InstanceType<typeof AmqplibInstrumentation>;

function patchCodec(codec: unknown): void {
  const { encodeTable } = codec as { readonly encodeTable?: Parameters<typeof prepareEncoder>[0] };
  if (typeof encodeTable === 'function') prepareEncoder(encodeTable);
}

/** Whoever patches by hand has the API only; its first connection leads to the channels. */
function patch(moduleExports: unknown, tools: AmqplibTools): void {
  const { BaseChannel } = moduleExports as { readonly BaseChannel?: { readonly prototype: object } };
  if (BaseChannel !== undefined) patchChannel(BaseChannel.prototype, tools);
  else patchConnect(moduleExports as object, tools);
}

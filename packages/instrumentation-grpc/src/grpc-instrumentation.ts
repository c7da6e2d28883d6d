import { defineInstrumentation } from '@clew/core/plugin';
import type { Channel } from './grpc.ts';
import { type GrpcTools, options } from './options.ts';
import { patchChannel, patchStreams } from './patch-client.ts';
import { type MetadataClass, patchServer } from './patch-server.ts';

declare const __VERSION__: string;

const GRPC = { module: '@grpc/grpc-js', versions: ['>=1.10 <2'] };

/** Traces gRPC (`@grpc/grpc-js`): CLIENT spans for calls and SERVER spans for served calls. */
export const GrpcInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-grpc',
  version: __VERSION__,
  options,
  targets: [
    { ...GRPC, patch },
    // Other files of the library keep the methods of `Client` when they are loaded.
    { ...GRPC, file: 'build/src/client.js', patch: patchClient },
  ],
});

export type GrpcInstrumentation = InstanceType<typeof GrpcInstrumentation>;

interface Exports {
  readonly Channel?: { readonly prototype: Channel };
  readonly Client?: { readonly prototype: object };
  readonly Metadata?: MetadataClass;
  readonly Server?: { readonly prototype: object };
}

function patch(moduleExports: unknown, tools: GrpcTools): void {
  const { Channel, Client, Metadata, Server } = moduleExports as Exports;
  if (Channel !== undefined) patchChannel(Channel.prototype, tools);
  if (Server !== undefined && Metadata !== undefined) patchServer(Server.prototype, Metadata, tools);
  // In a bundle, this covers clients whose methods call those of `Client`.
  if (Client !== undefined) patchStreams(Client.prototype, tools);
}

function patchClient(moduleExports: unknown, tools: GrpcTools): void {
  const { Client } = moduleExports as Exports;
  if (Client !== undefined) patchStreams(Client.prototype, tools);
}

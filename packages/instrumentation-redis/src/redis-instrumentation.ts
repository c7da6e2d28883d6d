import {
  bindCallback,
  type ChannelTarget,
  defineInstrumentation,
  type ModuleTarget,
  type RedisOptions,
  redis,
  type Tools,
} from '@clew/core/plugin';
import { patchClient, patchQueue, patchSocket } from './patch-client.ts';

declare const __VERSION__: string;

type RedisTools = Tools<RedisOptions>;

/** What the library publishes with a command. */
interface CommandMessage {
  readonly command: string;
  /** With the name; the library has removed most values. */
  readonly args: readonly unknown[];
  readonly database: number;
  /** A host, or the path of a Unix socket. */
  readonly serverAddress: string;
  readonly serverPort?: number;
  /** Of the commands of a batch. */
  readonly batchMode?: string;
}

interface BatchMessage extends Omit<CommandMessage, 'command' | 'args' | 'batchMode'> {
  readonly batchMode: 'MULTI' | 'PIPELINE';
  readonly batchSize: number;
  readonly result?: unknown;
}

const COMMAND = 'node-redis:command';
const BATCH = 'node-redis:batch';
const CONNECT = 'node-redis:connect';

/** Traces the commands, pipelines and transactions of node-redis. */
export const RedisInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-redis',
  version: __VERSION__,
  options: redis.options,
  targets: [
    channel(COMMAND, traceCommands),
    channel(BATCH, traceBatches),
    channel(CONNECT, (tools) => tools.traceChannel(CONNECT, redis.connectView)),
    file('@redis/client', ['>=5 <7'], 'pool.js', patchPool),
    // Versions that publish no channels. Version 1 of @redis/client is version 4.1 and later of redis.
    ...unpublished('@redis/client', ['>=1 <2', '>=5 <5.12']),
    ...unpublished('@node-redis/client', ['>=1 <2']),
  ],
});

export type RedisInstrumentation = InstanceType<typeof RedisInstrumentation>;

function channel(name: string, watch: (tools: RedisTools) => void): ChannelTarget<RedisOptions> {
  return { channel: name, tracing: true, watch };
}

function file(
  module: string,
  versions: readonly string[],
  name: string,
  patch: (moduleExports: unknown, tools: RedisTools) => void,
): ModuleTarget<RedisOptions> {
  return { module, versions, file: `dist/lib/client/${name}`, patch };
}

function unpublished(module: string, versions: readonly string[]): readonly ModuleTarget<RedisOptions>[] {
  return [
    file(module, versions, 'commands-queue.js', patchQueue),
    file(module, versions, 'socket.js', patchSocket),
    file(module, versions, 'index.js', patchClient),
  ];
}

function traceCommands(tools: RedisTools): void {
  tools.traceChannel<CommandMessage>(COMMAND, {
    start: (message) => {
      if (message.batchMode !== undefined) return undefined;
      return redis.startCommand(tools, message.command, () => ({
        args: message.args.slice(1),
        ...serverOf(message),
      }));
    },
  });
}

function traceBatches(tools: RedisTools): void {
  tools.traceChannel<BatchMessage>(BATCH, {
    start: (message) =>
      redis.startBatch(tools, message.batchMode, () => ({
        size: message.batchSize,
        ...serverOf(message),
      })),
    finish: (operation, { result }) => {
      const error = redis.firstError(result);
      if (error !== undefined) operation.fail(error);
    },
  });
}

function serverOf(message: Pick<CommandMessage, 'database' | 'serverAddress' | 'serverPort'>) {
  const { database: index, serverAddress: address, serverPort: port } = message;
  return { index, address, port };
}

type Execute = (this: object, work: unknown) => Promise<unknown>;

/** A task that waited for a client runs where another request returns the client. */
function patchPool(moduleExports: unknown, tools: RedisTools): void {
  const { RedisClientPool } = moduleExports as { readonly RedisClientPool: { readonly prototype: object } };
  tools.wrap<Execute>(
    RedisClientPool.prototype,
    'execute',
    (execute) =>
      function (work) {
        return execute.call(this, bindCallback(work));
      },
  );
}

import {
  bindCallback,
  defineInstrumentation,
  privateField,
  type QueryOperation,
  type RedisOptions,
  redis,
  type Tools,
} from '@clew/core/plugin';
import { errorIn, isEmpty, serverOf, sizeOf } from './describe.ts';
import type { AutoPipelining, Command, IORedis, Pipeline, Redis, Settled } from './ioredis.ts';

declare const __VERSION__: string;

type RedisTools = Tools<RedisOptions>;
type Connect = (this: object, ...args: readonly unknown[]) => Promise<unknown>;
type SendCommand = (
  this: Redis,
  ...args: readonly [command: Command, stream?: object, node?: unknown]
) => unknown;
type Exec = (this: Pipeline, ...args: readonly unknown[]) => unknown;
type ExecuteAutomatically = (
  client: Redis,
  functionName: string,
  commandName: string,
  args: readonly unknown[],
  callback: unknown,
) => Promise<unknown>;

/**
 * Traces the commands, pipelines and transactions of ioredis. Its tracing channels are not used: see the README.
 */
export const IORedisInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-ioredis',
  version: __VERSION__,
  options: redis.options,
  targets: [
    { module: 'ioredis', versions: ['>=5 <7'], patch },
    {
      module: 'ioredis',
      versions: ['>=5 <7'],
      file: 'built/autoPipelining.js',
      patch: (moduleExports, tools) => {
        if (isAutoPipelining(moduleExports)) patchAutoPipelining(moduleExports, tools);
      },
    },
  ],
});

export type IORedisInstrumentation = InstanceType<typeof IORedisInstrumentation>;

/**
 * The operations of the commands that were sent, `null` for an untraced one: a cluster sends a command to several nodes, a
 * client again.
 */
const operations = privateField<QueryOperation | null>();
/** The pipelines that were executed: a cluster executes one again. */
const executed = new WeakSet<Pipeline>();
/** The property that marks automatic pipelines, for each copy of the library. */
const automatic = new Set<symbol>();

function patch(moduleExports: unknown, tools: RedisTools): void {
  const { prototype, Cluster, Pipeline: Pipelines } = moduleExports as IORedis;
  for (const client of [prototype, Cluster.prototype])
    tools.wrap<Connect>(
      client,
      'connect',
      (connect) =>
        function (...args) {
          const bound = args.map(bindCallback);
          return redis.connecting(() => connect.apply(this, bound));
        },
    );
  patchSendCommand(prototype, tools);
  patchSendCommand(Cluster.prototype, tools);
  tools.wrap<Exec>(
    Pipelines.prototype,
    'exec',
    (exec) =>
      function (...args) {
        // The library checks the number of arguments.
        const bound = args.map(bindCallback);
        const execute = () => exec.apply(this, bound);
        // With an open transaction, this call only adds EXEC.
        if (this._transactions > 0 || executed.has(this) || isAutomatic(this)) return execute();
        executed.add(this);
        if (isEmpty(this._queue)) return execute();
        const mode = this._queue[0]?.name === 'multi' ? 'MULTI' : 'PIPELINE';
        const operation = redis.startBatch(tools, mode, () => ({
          size: sizeOf(this._queue),
          ...serverOf(this.redis),
        }));
        return operation === undefined ? execute() : settle(this, operation, execute, errorIn);
      },
  );
}

/** Clusters send commands through the clients of their nodes. */
function patchSendCommand(prototype: object, tools: RedisTools): void {
  tools.wrap<SendCommand>(
    prototype,
    'sendCommand',
    (sendCommand) =>
      function (...args) {
        const [command, stream] = args;
        const send = () => sendCommand.apply(this, args);
        // The commands of a pipeline have one span.
        if (stream) return send();
        const sent = operations.get(command);
        if (sent !== undefined) {
          redis.moveTo(sent ?? undefined, serverOf(this));
          return send();
        }
        const operation = redis.startCommand(tools, command.name, () => ({
          ...serverOf(this),
          args: command.args,
        }));
        operations.add(command, operation ?? null);
        return operation === undefined ? send() : settle(command, operation, send);
      },
  );
}

/** Ends the operation when the library settles a command or a pipeline. Its promise stays the application's. */
function settle<T>(
  settled: Settled,
  operation: QueryOperation,
  send: () => T,
  errorOf?: (value: unknown) => unknown,
): T {
  const { resolve, reject } = settled;
  settled.resolve = (value) => {
    const error = errorOf?.(value);
    if (error) operation.fail(error);
    // The command may be rejected instead, if its reply can't be read.
    const result = resolve.call(settled, value);
    operation.end();
    return result;
  };
  settled.reject = (error) => {
    operation.fail(error);
    operation.end();
    return reject.call(settled, error);
  };
  return operation.run(send);
}

function isAutoPipelining(moduleExports: unknown): moduleExports is AutoPipelining {
  return typeof moduleExports === 'object' && moduleExports !== null && 'kExec' in moduleExports;
}

/** Commands of several requests are collected and sent as one pipeline: each has a span where it was called. */
function patchAutoPipelining(moduleExports: AutoPipelining, tools: RedisTools): void {
  automatic.add(moduleExports.kExec);
  tools.wrap<ExecuteAutomatically>(
    moduleExports,
    'executeWithAutoPipelining',
    (execute) => (client, functionName, commandName, args, callback) => {
      const run = (done: unknown) => execute(client, functionName, commandName, args, done);
      const operation = redis.startCommand(tools, commandName, () => ({
        ...serverOf(client),
        args: args.flat(),
      }));
      if (operation === undefined) return run(callback);
      if (typeof callback === 'function') return operation.run(() => run(operation.callback(callback)));
      return operation.settle(operation.run(() => run(callback)));
    },
  );
}

function isAutomatic(pipeline: Pipeline): boolean {
  for (const mark of automatic) if (mark in pipeline) return true;
  return false;
}

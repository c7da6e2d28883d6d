import {
  ATTR,
  observePromise,
  type RedisOptions,
  type RedisServer,
  redis,
  type Tools,
} from '@clew/core/plugin';

type RedisTools = Tools<RedisOptions>;

interface SocketOptions {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
}

interface Client {
  readonly options?: { readonly socket?: SocketOptions; readonly database?: number };
}

interface QueueOptions {
  /** Whether the command goes before all others: those of the connection's own start. */
  readonly asap?: boolean;
}

/** The server of a queue. A client creates its queue and its socket one after the other, in either order. */
interface Connection {
  readonly socket: SocketOptions;
  /** The index of the database: that of the last SELECT, or 0 if the server has replied without one. */
  index: number | undefined;
  /** Whether the application has sent a SELECT, and not only the client. */
  isSwitched: boolean;
}

const connections = new WeakMap<object, Connection>();
const created: { queue?: object | undefined; socket?: { readonly options: SocketOptions } | undefined } = {};
/** Whether the commands of a batch are being queued. */
let queuesBatch = false;

type Class = new (...args: unknown[]) => object;
type Construct = (this: unknown, ...args: unknown[]) => object;
type AddCommand = (this: object, args: readonly unknown[], options?: QueueOptions) => Promise<unknown>;
type Connect = (this: Client) => Promise<unknown>;
interface BatchCommand {
  readonly args: readonly unknown[];
}
type ExecuteBatch = (this: Client, commands: readonly BatchCommand[], ...rest: unknown[]) => Promise<unknown>;

/** Patches the class of queues: every command of a client is added to its queue. */
export function patchQueue(moduleExports: unknown, tools: RedisTools): void {
  const { default: Queue } = moduleExports as { readonly default: { readonly prototype: object } };
  watchCreation(moduleExports as object, tools, (queue) => {
    created.queue = queue;
  });
  tools.wrap<AddCommand>(
    Queue.prototype,
    'addCommand',
    (addCommand) =>
      function (args, options) {
        const connection = connections.get(this);
        const isOwn = options?.asap === true;
        const add = () => addCommand.call(this, args, options);
        if (connection !== undefined && args[0] === 'SELECT') {
          connection.index = Number(args[1]);
          connection.isSwitched ||= !isOwn;
        }
        if (isOwn) return add();
        if (queuesBatch) return learnIndex(connection, add());
        const isKnown = connection?.index !== undefined;
        const operation = redis.startCommand(tools, String(args[0]), () => ({
          args: args.slice(1),
          ...serverOf(connection?.socket, connection?.index),
        }));
        if (operation === undefined) return learnIndex(connection, add());
        return operation.settle(operation.run(add), () => {
          if (connection === undefined) return;
          connection.index ??= 0;
          if (!isKnown && !connection.isSwitched)
            operation.span.setAttribute(ATTR.dbNamespace, String(connection.index));
        });
      },
  );
}

/** A server that replies before any SELECT uses the database 0. Later commands are not observed. */
function learnIndex<T>(connection: Connection | undefined, reply: T): T {
  if (connection === undefined || connection.index !== undefined) return reply;
  const learn = () => {
    connection.index ??= 0;
  };
  return observePromise(reply, learn, () => {});
}

/** Patches the class of sockets, whose constructor gets the address. */
export function patchSocket(moduleExports: unknown, tools: RedisTools): void {
  watchCreation(moduleExports as object, tools, (_socket, [, options = {}]) => {
    created.socket = { options: options as SocketOptions };
  });
}

function watchCreation(
  moduleExports: object,
  tools: RedisTools,
  onCreated: (instance: object, args: readonly unknown[]) => void,
): void {
  tools.wrap<Construct>(moduleExports, 'default', (original) => {
    return function (...args) {
      const instance = Reflect.construct(original as unknown as Class, args, new.target);
      onCreated(instance, args);
      const { queue, socket } = created;
      if (queue !== undefined && socket !== undefined) {
        connections.set(queue, { socket: socket.options, index: undefined, isSwitched: false });
        created.queue = undefined;
        created.socket = undefined;
      }
      return instance;
    };
  });
}

/** Patches the class of clients: `connect` and the functions for pipelines and transactions. */
export function patchClient(moduleExports: unknown, tools: RedisTools): void {
  const { prototype } = (moduleExports as { readonly default: { readonly prototype: object } }).default;
  tools.wrap<Connect>(
    prototype,
    'connect',
    (connect) =>
      function () {
        return redis.connecting(() => connect.call(this));
      },
  );
  for (const name of ['multiExecutor', '_executeMulti', '_executePipeline'])
    tools.wrap<ExecuteBatch>(
      prototype,
      name,
      (execute) =>
        function (commands, ...rest) {
          const isMulti = name === '_executeMulti' || rest.some((value) => typeof value === 'symbol');
          const operation = redis.startBatch(tools, isMulti ? 'MULTI' : 'PIPELINE', () => ({
            size: sizeOf(commands),
            ...serverOf(this.options?.socket, this.options?.database ?? 0),
          }));
          const run = () => withoutSpans(() => execute.call(this, commands, ...rest));
          if (operation === undefined) return run();
          return operation.settle(operation.run(run), (replies) => {
            const error = redis.firstError(replies) ?? redis.firstError((replies as unknown[])?.at(-1));
            if (error !== undefined) operation.fail(error);
          });
        },
    );
}

function sizeOf(commands: readonly BatchCommand[]): number {
  return commands.filter(({ args: [first] }) => first !== 'MULTI' && first !== 'EXEC').length;
}

/** The library queues all commands of a batch before it returns. */
function withoutSpans<T>(queue: () => T): T {
  queuesBatch = true;
  try {
    return queue();
  } finally {
    queuesBatch = false;
  }
}

function serverOf(socket: SocketOptions | undefined, index: number | undefined): RedisServer {
  if (socket === undefined) return { index };
  const { host = 'localhost', port = 6379, path } = socket;
  return path === undefined ? { index, address: host, port } : { index, address: path };
}

import { type Context, context, createContextKey } from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import { guard, reportFailure } from '../kit/failures.ts';
import { isPromise } from '../kit/is-promise.ts';
import { type OptionsOf, option } from '../kit/options.ts';
import { readProperty } from '../kit/read-property.ts';
import { remembered } from '../kit/remembered.ts';
import type { Tools } from '../kit/target.ts';
import type { ChannelOperation, ChannelView } from '../kit/tracing-channel.ts';
import { currentContext } from '../operation.ts';
import { ATTR } from '../semconv.ts';
import { startQuery } from './db.ts';
import { statusCodeOf } from './db-error.ts';
import type { QueryOperation } from './db-operation.ts';
import { commandOptions } from './db-options.ts';
import type { Database, DbCommand } from './db-query.ts';
import { mayQuoteValues, redisText, scriptOf } from './redis-text.ts';

/**
 * Returns `db.query.text` of a command; `undefined` for the default. `command` is in upper case: `SET`. If it returns
 * anything else, such as a promise, that is logged once, and the command has no text.
 */
export type RedisSerializer = (command: string, args: readonly unknown[]) => string | undefined;

/** The options of every plugin for Redis. */
export const redisOptions = {
  ...commandOptions,
  /** Returns `db.query.text` in place of the default, which has names of keys and no values: `SET songs:1 ?`. */
  dbStatementSerializer: option.hook<RedisSerializer>(),
} as const;

/** The values of {@link redisOptions}. */
export type RedisOptions = OptionsOf<typeof redisOptions>;

/** The server that a command is sent to. */
export interface RedisServer {
  /** The index of the database, as in `SELECT`. */
  readonly index?: number | undefined;
  /** The host, or the path of a Unix socket. */
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** A command as it is sent. */
export interface RedisCommand extends RedisServer {
  /** The arguments after the name. */
  readonly args: readonly unknown[];
}

const SERIALIZING = 'the option dbStatementSerializer';

type RedisTools = Tools<RedisOptions>;

const OWN_KEY = createContextKey('clew.redis.own');
const OWN_CONTEXT: Context = rootContext.setValue(OWN_KEY, true);

/** What clients send by themselves: when they connect, to find the nodes of a cluster, to keep a connection alive. */
const OWN_COMMANDS: ReadonlySet<string> = new Set(
  'ASKING AUTH CLIENT CLUSTER COMMAND HELLO INFO MONITOR PING PSUBSCRIBE READONLY ROLE SELECT SENTINEL SSUBSCRIBE SUBSCRIBE'
    .split(' ')
    .flatMap((name) => [name, name.toLowerCase()]),
);

/**
 * Starts the span of a command; `undefined` if it is not traced. `describe` is called only if a span is started.
 * Commands that a client sends by itself, on a connection that was opened with {@link connecting}, are not traced.
 * Source: https://opentelemetry.io/docs/specs/semconv/db/redis/
 */
export function startCommand(
  tools: RedisTools,
  name: string,
  describe: () => RedisCommand,
): QueryOperation | undefined {
  if (OWN_COMMANDS.has(name) && currentContext().getValue(OWN_KEY) === true) return undefined;
  return startQuery(tools, () => {
    const operation = name.toUpperCase();
    const { args, ...server } = describe();
    return {
      database: databaseOf(server),
      command: commandNamed(operation),
      text: textOf(tools, operation, args),
      storedProcedure: scriptOf(operation, args),
      values: mayQuoteValues(operation) ? args : undefined,
      failureOf,
    };
  });
}

/** Commands that are sent together. */
export interface RedisBatch extends RedisServer {
  /** The number of commands, without MULTI and EXEC. */
  readonly size: number;
}

/**
 * Starts the span of commands that are sent together. Their own calls are not traced. `describe` is called only if a span
 * is started.
 */
export function startBatch(
  tools: RedisTools,
  mode: 'MULTI' | 'PIPELINE',
  describe: () => RedisBatch,
): QueryOperation | undefined {
  return startQuery(tools, () => {
    const { size, ...server } = describe();
    return { database: databaseOf(server), command: BATCHES[mode], batchSize: size, failureOf };
  });
}

/** Records the server that a command is sent to now, such as another node of a cluster. */
export function moveTo(operation: QueryOperation | undefined, { address, port }: RedisServer): void {
  if (operation?.recording !== true || address === undefined) return;
  operation.span.setAttribute(ATTR.serverAddress, address);
  if (port !== undefined) operation.span.setAttribute(ATTR.serverPort, port);
}

const BATCHES: Readonly<Record<'MULTI' | 'PIPELINE', DbCommand>> = {
  MULTI: { operation: 'MULTI', isBatch: true },
  PIPELINE: { operation: 'PIPELINE', isBatch: true },
};

/**
 * Runs `connect` in a context without a span: a connection serves many requests, so it must not belong to the one that
 * opened it.
 */
export function connecting<T>(connect: () => T): T {
  return context.with(OWN_CONTEXT, connect);
}

/** Does the same as {@link connecting}, for a tracing channel of connections. */
export const connectView: ChannelView<object, ChannelOperation> = {
  start: () => ({ context: OWN_CONTEXT, ended: true, recording: false, fail() {}, end() {} }),
};

/** The first error among replies, in which a batch does not fail as a whole. */
export function firstError(replies: unknown): unknown {
  return Array.isArray(replies) ? replies.find((reply) => reply instanceof Error) : undefined;
}

const LOST = new Error('connection closed');

/**
 * A transaction that does not run because a watched key has changed has not failed, and neither has a command that its
 * caller aborts. A lost connection is a failure, although ioredis names it `AbortError`: with a cause, it does not count as a
 * cancellation. The type of an error reply is its first word.
 */
function failureOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const type = readProperty(error, 'constructor');
  const className = typeof type === 'function' ? type.name : undefined;
  if (className === 'WatchError') return undefined;
  if (className === 'AbortError') {
    const isLost = readProperty(error, 'name') === className;
    return isLost ? Object.create(error, { cause: { value: LOST } }) : undefined;
  }
  const code = statusCodeOf(error, 'redis');
  return code === undefined ? error : Object.create(error, { code: { value: code } });
}

/** The attributes that all runs of a command share are created once for its object. */
const commandNamed = remembered((operation: string): DbCommand => ({ operation }));

function textOf(
  { options: { dbStatementSerializer: serialize, maxQueryLength } }: RedisTools,
  operation: string,
  args: readonly unknown[],
): string | undefined {
  if (maxQueryLength === 0) return undefined;
  const given: unknown = serialize && guard(SERIALIZING, () => serialize(operation, [...args]));
  if (given === undefined || given === null) return redisText(operation, args);
  if (typeof given === 'string') return given;
  reportFailure(SERIALIZING, new TypeError(`expected a string, got ${typeof given}`));
  if (isPromise(given)) given.then(undefined, (fault) => reportFailure(SERIALIZING, fault));
  return undefined;
}

function databaseOf({ index, address, port }: RedisServer): Database {
  return { system: 'redis', namespace: index === undefined ? undefined : String(index), address, port };
}

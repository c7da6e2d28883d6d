import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { CommandConnection } from '@clew/testing';
import type { RedisClientType } from 'redis';
import { RedisInstrumentation } from '../src/index.ts';

/** Versions whose types differ in what no test looks at. 5.12 and later publish tracing channels. */
export const VERSIONS = {
  'redis 4.0': 'redis-4.0',
  'redis 4.7': 'redis-4',
  'redis 5.0': 'redis-5.0',
  'redis 5.11': 'redis-5.11',
  'redis 5.12': 'redis-5.12',
  'redis 6': 'redis',
} as const;

/** The versions that publish tracing channels. */
export const PUBLISHED: ReadonlySet<string> = new Set(['redis', 'redis-5.12']);

export type Client = RedisClientType;

export function load(name = 'redis'): typeof import('redis') {
  return require(name);
}

type Fn = (...args: never[]) => unknown;
interface Exports {
  readonly default: Fn & { readonly prototype: Readonly<Record<string, Fn>> };
  readonly RedisClientPool: { readonly prototype: { readonly execute: Fn } };
}

/** A file of the package that contains the client of a version. */
function fileOf(name: string, file: string): Exports {
  const { resolve } = createRequire(require.resolve(name));
  return require(join(dirname(resolve(packageOf(name))), 'lib', 'client', file));
}

function packageOf(name: string): string {
  return name === 'redis-4.0' ? '@node-redis/client' : '@redis/client';
}

/** Patches a copy of the library without module hooks. */
export function instrument(options: object = {}, name = 'redis') {
  const instance = new RedisInstrumentation(options);
  const files = PUBLISHED.has(name) ? [] : ['commands-queue.js', 'socket.js', 'index.js'];
  if (!name.startsWith('redis-4')) files.push('pool.js');
  for (const file of files)
    instance.instrument(fileOf(name, file), packageOf(name), `dist/lib/client/${file}`);
  return instance;
}

/** The functions that are patched in a version. */
export function functionsOf(name: string): Fn[] {
  if (PUBLISHED.has(name)) return [fileOf(name, 'pool.js').RedisClientPool.prototype.execute];
  const { default: Queue } = fileOf(name, 'commands-queue.js');
  const { prototype } = fileOf(name, 'index.js').default;
  const names = ['connect', 'multiExecutor', '_executeMulti', '_executePipeline'];
  const ofClient = names.flatMap((each) => prototype[each] ?? []);
  return [Queue, Queue.prototype.addCommand!, fileOf(name, 'socket.js').default, ...ofClient];
}

/** A client as the suite drives a database. */
export function asConnection(client: Client): CommandConnection {
  return {
    read: () => client.get('clew:songs:1'),
    write: (secret) => client.hSet('clew:songs:2', 'title', secret),
    fail: () => client.lPush('clew:songs:2', 'one'),
    close: async () => {
      await client.disconnect();
    },
  };
}

import { dirname, join } from 'node:path';
import type { CommandConnection } from '@clew/testing';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { IORedisInstrumentation } from '../src/index.ts';

/** Versions whose types differ in what no test looks at. 5.11 and later publish tracing channels. */
export const VERSIONS = {
  'ioredis 5.0': 'ioredis-5.0',
  'ioredis 5.10': 'ioredis-5.10',
  'ioredis 5.11': 'ioredis-5.11',
  'ioredis 6': 'ioredis',
} as const;

type Fn = (...args: never[]) => unknown;

/** The used exports of all versions. */
interface Exports {
  readonly Redis: {
    new (url: string, options?: RedisOptions): Redis;
    new (options: RedisOptions): Redis;
    readonly prototype: { readonly sendCommand: Fn; readonly connect: Fn };
  };
  readonly Cluster: {
    new (nodes: readonly RedisOptions[], options?: object): Cluster;
    readonly prototype: { readonly sendCommand: Fn; readonly connect: Fn };
  };
  readonly Pipeline: { readonly prototype: { readonly exec: Fn } };
}

export function load(name = 'ioredis'): Exports {
  const exported = require(name);
  // The exports are the class itself, which older versions do not name.
  return { Cluster: exported.Cluster, Pipeline: exported.Pipeline, Redis: exported };
}

/** The file of automatic pipelines. */
export function autoPipeliningOf(name: string): Record<string, Fn> {
  return require(join(dirname(require.resolve(name)), 'autoPipelining.js'));
}

/** Patches a copy of the library without module hooks. */
export function instrument(options: object = {}, name = 'ioredis') {
  const instance = new IORedisInstrumentation(options);
  instance.instrument(load(name).Redis);
  instance.instrument(autoPipeliningOf(name), 'ioredis', 'built/autoPipelining.js');
  return instance;
}

/** A client as the suite drives a database. */
export function asConnection(redis: Redis): CommandConnection {
  return {
    read: () => redis.get('clew:songs:1'),
    write: (secret) => redis.hset('clew:songs:2', 'title', secret),
    fail: async () => {
      await redis.lpush('clew:songs:2', 'one');
    },
    readWithCallback: (callback) => {
      redis.get('clew:songs:1', callback);
    },
    failWithCallback: (callback) => {
      redis.lpush('clew:songs:2', 'one', callback);
    },
    close: async () => redis.disconnect(),
  };
}

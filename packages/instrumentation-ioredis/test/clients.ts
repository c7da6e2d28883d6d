import { recordSpans, within } from '@clew/testing';
import { SpanKind, trace } from '@opentelemetry/api';
import type { Redis, RedisOptions } from 'ioredis';
import { findRedis, type Redis as Server } from '../../../integration-tests/services/redis.ts';
import { instrument, load } from './subjects.ts';

let server: Server;

/** The clients of one version, with the plugin. */
export interface Clients {
  /** A key that no other test uses. */
  readonly key: string;
  address(): { readonly host: string; readonly port: number };
  /** Patches the library until the end of the test. */
  use(options?: object): void;
  /** Opens a client until the end of the test. */
  open(options?: RedisOptions): Redis;
}

/** Declares the hooks of the tests of one version. */
export function clientsOf(version: string): Clients {
  let plugin: ReturnType<typeof instrument> | undefined;
  const opened: Redis[] = [];
  beforeAll(async () => {
    server = await findRedis();
  });
  afterAll(() => server.stop());
  afterEach(() => {
    for (const redis of opened.splice(0)) redis.disconnect();
    plugin?.disable();
  });
  return {
    key: `clew:${crypto.randomUUID()}`,
    address: () => addressOf(server),
    use(options = {}) {
      plugin = instrument(options, version);
    },
    open(options = {}) {
      const redis = new (load(version).Redis)({ ...addressOf(server), ...options } as RedisOptions);
      redis.on('error', () => {});
      opened.push(redis);
      return redis;
    },
  };
}

function addressOf({ url }: Server) {
  const { hostname: host, port } = new URL(url);
  return { host, port: Number(port || 6379) };
}

export const recorder = recordSpans();

/** The name and parent of each CLIENT span. */
export const commands = () =>
  recorder
    .spans()
    .filter(({ kind }) => kind === SpanKind.CLIENT)
    .map(({ name, parentSpanId }) => [name, parentSpanId]);

export const activeSpanId = () => trace.getActiveSpan()?.spanContext().spanId;

/** Runs `work` in a span, and returns the id of the span and the result. */
export async function asCaller<T>(work: () => T): Promise<[id: string, result: Awaited<T>]> {
  const span = trace.getTracer('test').startSpan('caller');
  const result = await within(span, async () => await work()).finally(() => span.end());
  return [span.spanContext().spanId, result];
}

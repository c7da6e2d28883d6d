import { type Recorder, within } from '@clew/testing';
import { SpanKind, trace } from '@opentelemetry/api';
import { findRedis, type Redis as Server } from '../../../integration-tests/services/redis.ts';
import { type Client, instrument, load } from './subjects.ts';

/** A server for the tests of one file; returns its URL. */
export function redisUrl(): () => string {
  let server: Server;
  beforeAll(async () => {
    server = await findRedis();
  });
  afterAll(() => server.stop());
  return () => server.url;
}

/** Clients of one version, and the plugin that traces them until the end of a test. */
export function tracedClients(version: string, url: () => string) {
  let plugin: ReturnType<typeof instrument>;
  const opened: Client[] = [];
  const create = (options: object = {}): Client => {
    const client = load(version).createClient({ url: url(), ...options }) as unknown as Client;
    client.on('error', () => {});
    opened.push(client);
    return client;
  };
  const open = async (options: object = {}): Promise<Client> => {
    const client = create(options);
    await client.connect();
    return client;
  };
  const use = (options: object = {}) => {
    plugin = instrument(options, version);
  };
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((client) => client.disconnect()));
    plugin.disable();
  });
  return { create, open, use };
}

/** The name and parent of each CLIENT span. */
export const commandsOf = (recorder: Recorder) =>
  recorder
    .spans()
    .filter(({ kind }) => kind === SpanKind.CLIENT)
    .map(({ name, parentSpanId }) => [name, parentSpanId]);

/** Runs `work` in a span, and returns the id of the span and the result. */
export async function asCaller<T>(work: () => T): Promise<[id: string, result: Awaited<T>]> {
  const span = trace.getTracer('test').startSpan('caller');
  const result = await within(span, async () => await work()).finally(() => span.end());
  return [span.spanContext().spanId, result];
}

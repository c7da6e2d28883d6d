// What is special to node-redis: connecting, batches, aborted commands and pools.
import { recordSpans, within } from '@clew/testing';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { findRedis, type Redis as Server } from '../../../integration-tests/services/redis.ts';
import { type Client, instrument, load, VERSIONS } from './subjects.ts';

let server: Server;
beforeAll(async () => {
  server = await findRedis();
}, 60_000);
afterAll(() => server.stop());

const recorder = recordSpans();
const key = `clew:${crypto.randomUUID()}`;
const activeSpanId = () => trace.getActiveSpan()?.spanContext().spanId;

/** The name and parent of each CLIENT span. */
const commands = () =>
  recorder
    .spans()
    .filter(({ kind }) => kind === SpanKind.CLIENT)
    .map(({ name, parentSpanId }) => [name, parentSpanId]);

async function asCaller<T>(work: () => T): Promise<[id: string, result: Awaited<T>]> {
  const span = trace.getTracer('test').startSpan('caller');
  const result = await within(span, async () => await work()).finally(() => span.end());
  return [span.spanContext().spanId, result];
}

describe.each(Object.values(VERSIONS))('%s', (version) => {
  let plugin: ReturnType<typeof instrument>;
  const opened: Client[] = [];
  const create = (options: object = {}): Client => {
    const client = load(version).createClient({ url: server.url, ...options }) as unknown as Client;
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

  test('the commands of a batch that is not sampled are not read by the plugin', async () => {
    use();
    const client = await open();
    recorder.sampling = 'none';
    const filter = jest.spyOn(Array.prototype, 'filter');
    try {
      await asCaller(() => client.multi().get(key).exists(key).exec());
      const ofCommands = filter.mock.contexts.filter(
        (each) => Array.isArray(each) && each[0]?.args?.[0] !== undefined,
      );
      expect(ofCommands.filter((each) => each[0].args[0] === 'GET' || each[0].args[0] === 'MULTI')).toEqual(
        [],
      );
    } finally {
      filter.mockRestore();
      recorder.sampling = 'all';
    }
  });

  test('commands that wait for the connection belong to their callers, the connection to none', async () => {
    use();
    const client = create({ name: 'clew', database: 1 });
    const seen: unknown[] = [];
    client.on('ready', () => seen.push(activeSpanId()));
    const [connecting] = await asCaller(() => client.connect());
    const [first, second] = await Promise.all([
      asCaller(() => client.get(key)),
      asCaller(() => client.exists(key)),
    ]);
    expect(seen).toEqual([undefined]);
    expect(commands()).toEqual([
      ['GET', first[0]],
      ['EXISTS', second[0]],
    ]);
    expect(commands().map(([, parent]) => parent)).not.toContain(connecting);
    const [span] = recorder.spans().filter(({ name }) => name === 'GET');
    expect(span?.attributes).toMatchObject({
      'db.namespace': '1',
      'server.address': new URL(server.url).hostname,
      'server.port': Number(new URL(server.url).port || 6379),
    });
  });

  test('a transaction is one span, with the first error of its commands', async () => {
    use();
    const client = await open();
    const [id, outcome] = await asCaller(() =>
      client
        .multi()
        .set(key, 's3cr3t')
        .lPush(key, 's3cr3t')
        .del(key)
        .exec()
        .then(String, (error: Error) => error.message),
    );
    expect(outcome).toMatch(/error|WRONGTYPE/);
    expect(commands()).toEqual([['MULTI', id]]);
    const [span] = recorder.spans();
    expect(span?.attributes).toMatchObject({
      'db.operation.batch.size': 3,
      'db.response.status_code': 'WRONGTYPE',
    });
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  });

  test('a pipeline is one span', async () => {
    use();
    const client = await open();
    const [id] = await asCaller(() => client.multi().set(key, '1').incr(key).del(key).execAsPipeline());
    expect(commands()).toEqual([['PIPELINE', id]]);
    const [span] = recorder.spans();
    expect(span).toMatchObject({
      status: { code: SpanStatusCode.UNSET },
      attributes: { 'db.operation.batch.size': 3 },
    });
  });

  test('a transaction that does not run because a watched key has changed has not failed', async () => {
    use();
    const [client, other] = [await open(), await open()];
    await client.watch(key);
    await other.set(key, '1');
    await expect(client.multi().get(key).del(key).exec()).rejects.toThrow(/watched keys/);
    await other.del(key);
    const span = recorder.spans().find(({ name }) => name === 'MULTI');
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('a subscriber’s messages have no context, and what their handlers do is traced', async () => {
    use();
    const [subscriber, publisher] = [await open(), await open()];
    const { promise: handled, resolve } = Promise.withResolvers<unknown>();
    await asCaller(() =>
      subscriber.subscribe(`${key}:news`, async () => {
        const current = activeSpanId();
        await publisher.get(key);
        resolve(current);
      }),
    );
    await publisher.publish(`${key}:news`, 's3cr3t');
    expect(await handled).toBeUndefined();
    expect(commands()).toEqual([
      ['PUBLISH', undefined],
      ['GET', undefined],
    ]);
  });

  test('100 concurrent requests share a client', async () => {
    use();
    const client = await open();
    const request = async (index: number) => {
      const caller = activeSpanId();
      await client.set(`${key}:${index}`, String(index));
      expect(await client.get(`${key}:${index}`)).toBe(String(index));
      expect(activeSpanId()).toBe(caller);
      await client.multi().get(`${key}:${index}`).del(`${key}:${index}`).exec();
      expect(activeSpanId()).toBe(caller);
    };
    const callers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => asCaller(() => request(index))),
    );
    const byParent = Map.groupBy(commands(), ([, parent]) => parent);
    expect(byParent.size).toBe(100);
    for (const [id] of callers)
      expect(byParent.get(id)?.map(([name]) => name)).toEqual(['SET', 'GET', 'MULTI']);
  });

  test('the text of a command is what dbStatementSerializer returns', async () => {
    use({ dbStatementSerializer: (command: string) => command });
    await (await open()).get(key);
    expect(recorder.spans()[0]?.attributes['db.query.text']).toBe('GET');
  });

  const isOld = version.startsWith('redis-4');
  const hasPools = 'createClientPool' in load(version);
  (hasPools ? test : test.skip)(
    'tasks that wait for a client of a pool belong to their callers',
    async () => {
      use();
      const pool = load(version).createClientPool({ url: server.url }, { minimum: 1, maximum: 2 });
      await pool.connect();
      const callers = await Promise.all(
        Array.from({ length: 20 }, () =>
          asCaller(async () => {
            await pool.get(key);
            return activeSpanId();
          }),
        ),
      );
      await pool.close();
      expect(callers.map(([id]) => id)).toEqual(callers.map(([, current]) => current));
      expect(
        commands()
          .map(([, parent]) => parent)
          .sort(),
      ).toEqual(callers.map(([id]) => id).sort());
    },
  );

  (isOld ? test.skip : test)('a command that its caller aborts has not failed', async () => {
    use();
    const client = await open();
    const controller = new AbortController();
    const aborted = (client as unknown as WithOptions)
      .withAbortSignal(controller.signal)
      .get(key)
      .catch((error: Error) => error.message);
    controller.abort();
    expect(await aborted).toBe('The command was aborted');
    expect(recorder.spans()[0]).toMatchObject({ name: 'GET', status: { code: SpanStatusCode.UNSET } });
  });
});

interface WithOptions {
  withAbortSignal(signal: AbortSignal): { get(key: string): Promise<unknown> };
}

// What is special to node-redis: connecting, aborted commands and pools.
import { recordSpans } from '@clew/testing';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { load, VERSIONS } from './subjects.ts';
import { asCaller, commandsOf, redisUrl, tracedClients } from './traced-clients.ts';

const url = redisUrl();
const recorder = recordSpans();
const key = `clew:${crypto.randomUUID()}`;
const activeSpanId = () => trace.getActiveSpan()?.spanContext().spanId;
const commands = () => commandsOf(recorder);

describe.each(Object.values(VERSIONS))('%s', (version) => {
  const { create, open, use } = tracedClients(version, url);

  test('a command has the index of the database that it is sent to, from the first one on', async () => {
    use();
    const client = await open();
    await client.get(key);
    await client.select(1);
    await client.get(key);
    const reads = recorder.spans().filter(({ name }) => name === 'GET');
    expect(reads.map(({ attributes }) => attributes['db.namespace'])).toEqual(['0', '1']);
  });

  test('commands that wait for the connection have their callers as parents, and its event `ready` runs in no span', async () => {
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
      'server.address': new URL(url()).hostname,
      'server.port': Number(new URL(url()).port || 6379),
    });
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
      const pool = load(version).createClientPool({ url: url() }, { minimum: 1, maximum: 2 });
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

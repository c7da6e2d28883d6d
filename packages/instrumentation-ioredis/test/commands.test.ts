// What is special to ioredis: commands that wait for a connection, scripts, and modes of a connection.
import { once } from 'node:events';
import { SpanStatusCode } from '@opentelemetry/api';
import type { Redis, RedisOptions } from 'ioredis';
import { activeSpanId, asCaller, clientsOf, commands, recorder } from './clients.ts';
import { VERSIONS } from './subjects.ts';

describe.each(Object.values(VERSIONS))('%s', (version) => {
  const { address, key, open, use } = clientsOf(version);

  test('commands that wait for the connection have their callers as parents, and its event `ready` runs in no span', async () => {
    use();
    const redis = open({ lazyConnect: true, db: 1, connectionName: 'clew', keepAlive: 10 });
    const seen: unknown[] = [];
    for (const event of ['connect', 'ready', 'close']) redis.on(event, () => seen.push(activeSpanId()));
    const callers = await Promise.all([
      asCaller(() => redis.get(key)),
      asCaller(() => redis.get(key)),
      asCaller(() => redis.exists(key)),
    ]);
    redis.disconnect();
    await once(redis, 'end');
    expect(seen).toEqual([undefined, undefined, undefined]);
    const ids = callers.map(([id]) => id);
    expect(commands()).toEqual([
      ['GET', ids[0]],
      ['GET', ids[1]],
      ['EXISTS', ids[2]],
    ]);
    const [span] = recorder.spans().filter(({ name }) => name === 'GET');
    expect(span?.attributes).toMatchObject({
      'db.namespace': '1',
      'server.address': address().host,
      'server.port': address().port,
    });
  });

  test('a subscriber’s messages have no context, and what their handlers do is traced', async () => {
    use();
    const [subscriber, publisher] = [open(), open()];
    const handled = new Promise((resolve) => {
      subscriber.on('message', async () => {
        const current = activeSpanId();
        await publisher.get(key);
        resolve(current);
      });
    });
    const [id] = await asCaller(() => subscriber.subscribe(`${key}:news`));
    await publisher.publish(`${key}:news`, 's3cr3t');
    expect(await handled).toBeUndefined();
    expect(commands()).toEqual([
      ['SUBSCRIBE', id],
      ['PUBLISH', undefined],
      ['GET', undefined],
    ]);
    // With RESP3, the default from 6 on, a subscriber may send commands.
    const [outcome] = await Promise.allSettled([subscriber.get(key)]);
    const { ERROR, UNSET } = SpanStatusCode;
    expect(recorder.spans().at(-1)?.status.code).toBe(outcome.status === 'rejected' ? ERROR : UNSET);
    expect(outcome.status).toBe(version === 'ioredis' ? 'fulfilled' : 'rejected');
  });

  test('a script is named by its digest', async () => {
    use();
    const redis = open();
    redis.defineCommand('play', { numberOfKeys: 1, lua: "return redis.call('EXISTS', KEYS[1])" });
    expect(await (redis as unknown as { play(key: string): Promise<number> }).play(key)).toBe(0);
    const [span] = recorder.spans();
    expect(span).toMatchObject({ name: 'EVALSHA' });
    expect(span?.attributes['db.stored_procedure.name']).toMatch(/^[\da-f]{40}$/);
  });

  test('an error of a script does not contain its values', async () => {
    use();
    await expect(
      open().eval("return redis.error_reply('MYERR about ' .. ARGV[1])", 0, 's3cr3t'),
    ).rejects.toThrow('MYERR about s3cr3t');
    const [span] = recorder.spans();
    expect(span?.attributes['db.response.status_code']).toBe('MYERR');
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  });

  test.each<[why: string, options: RedisOptions, run: (redis: Redis) => Promise<unknown>, message: string]>([
    ['times out', { commandTimeout: 20 }, (redis) => redis.blpop(`${key}:none`, 2), 'Command timed out'],
    [
      'finds no connection and no queue',
      { enableOfflineQueue: false, lazyConnect: true },
      (redis) => redis.get(key),
      "Stream isn't writeable and enableOfflineQueue options is false",
    ],
    [
      'waits longer than maxRetriesPerRequest',
      { port: 1, maxRetriesPerRequest: 1, retryStrategy: () => 1 },
      (redis) => redis.get(key),
      'Reached the max retries per request limit (which is 1). Refer to "maxRetriesPerRequest" option for details.',
    ],
    [
      'is in flight when the client disconnects',
      {},
      async (redis) => {
        await redis.ping();
        const reply = redis.blpop(`${key}:none`, 0.2);
        redis.disconnect();
        return reply;
      },
      'Connection is closed.',
    ],
  ])('a command that %s has the error that the application gets', async (_why, options, run, message) => {
    use();
    const redis = open(options);
    await expect(run(redis)).rejects.toThrow(message);
    const span = recorder.spans().at(-1);
    expect(span?.status.code).toBe(SpanStatusCode.ERROR);
    expect(span?.events).toHaveLength(1);
  });

  test('pages of a scan belong to the caller of the scan', async () => {
    use();
    const redis = open();
    await redis.mset(Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`${key}:${index}`, '1'])));
    recorder.reset();
    const [id] = await asCaller(async () => {
      for await (const keys of redis.scanStream({ match: `${key}:*`, count: 1000 }))
        await redis.del(key, ...keys);
    });
    const spans = commands();
    expect(spans.map(([, parent]) => parent)).toEqual(spans.map(() => id));
    expect(new Set(spans.map(([name]) => name))).toEqual(new Set(['SCAN', 'DEL']));
  });

  test('100 concurrent requests share a client, with promises, callbacks and pipelines', async () => {
    use();
    const redis = open();
    const request = async (index: number) => {
      const caller = activeSpanId();
      await redis.set(`${key}:${index}`, index);
      expect(activeSpanId()).toBe(caller);
      const [reply, current] = await new Promise<unknown[]>((resolve) => {
        redis.get(`${key}:${index}`, (_error, value) => resolve([value, activeSpanId()]));
      });
      expect([reply, current]).toEqual([String(index), caller]);
      await redis.pipeline().get(`${key}:${index}`).del(`${key}:${index}`).exec();
      expect(activeSpanId()).toBe(caller);
    };
    const callers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => asCaller(() => request(index))),
    );
    const byParent = Map.groupBy(commands(), ([, parent]) => parent);
    expect(byParent.size).toBe(100);
    for (const [id] of callers)
      expect(byParent.get(id)?.map(([name]) => name)).toEqual(['SET', 'GET', 'PIPELINE']);
  });

  test('the text of a command is what dbStatementSerializer returns', async () => {
    const given: unknown[] = [];
    use({
      dbStatementSerializer: (command: string, args: unknown[]) => {
        given.push([command, ...args.splice(0)]);
        return `${command} …`;
      },
    });
    const redis = open();
    await redis.set(key, '1', 'EX', 60);
    expect(await redis.ttl(key)).toBeGreaterThan(50);
    expect(recorder.spans().map(({ attributes }) => attributes['db.query.text'])).toEqual(['SET …', 'TTL …']);
    expect(given).toEqual([
      ['SET', key, '1', 'EX', '60'],
      ['TTL', key],
    ]);
  });

  test('a serializer that returns anything but a string gives no text', async () => {
    const results: unknown[] = [Promise.resolve('s3cr3t'), Promise.reject(new Error('broken')), 4711];
    use({ dbStatementSerializer: () => results.shift() });
    const redis = open();
    for (const _result of [...results]) await redis.get(key);
    expect(recorder.spans().map(({ name, attributes }) => [name, attributes['db.query.text']])).toEqual([
      ['GET', undefined],
      ['GET', undefined],
      ['GET', undefined],
    ]);
  });

  test('the digest of a script is recorded without the text of the command', async () => {
    use({ maxQueryLength: 0 });
    const redis = open();
    const digest = String(await redis.script('LOAD', 'return 1'));
    expect(await redis.evalsha(digest, 0)).toBe(1);
    const span = recorder.spans().find(({ name }) => name === 'EVALSHA');
    expect(span?.attributes).toMatchObject({ 'db.stored_procedure.name': digest });
    expect(span?.attributes).not.toHaveProperty(['db.query.text']);
  });

  test('a serializer that throws is replaced by the default', async () => {
    use({
      dbStatementSerializer: () => {
        throw new Error('broken');
      },
    });
    await open().get(key);
    expect(recorder.spans()[0]?.attributes['db.query.text']).toBe(`GET ${key}`);
  });
});

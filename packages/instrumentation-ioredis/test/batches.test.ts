// Pipelines and transactions.
import { SpanStatusCode } from '@opentelemetry/api';
import { activeSpanId, asCaller, clientsOf, commands, recorder } from './clients.ts';
import { VERSIONS } from './subjects.ts';

describe.each(Object.values(VERSIONS))('%s', (version) => {
  const { key, open, use } = clientsOf(version);

  test('a pipeline is one span, with the first error of its commands', async () => {
    use();
    const redis = open();
    const [id, replies] = await asCaller(() =>
      redis.pipeline().hset(key, 'f', 's3cr3t').lpush(key, 's3cr3t').del(key).exec(),
    );
    expect(replies?.map(([error]) => error?.message.split(' ')[0])).toEqual([
      undefined,
      'WRONGTYPE',
      undefined,
    ]);
    expect(commands()).toEqual([['PIPELINE', id]]);
    const [span] = recorder.spans().filter(({ name }) => name === 'PIPELINE');
    expect(span).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: {
        'db.operation.name': 'PIPELINE',
        'db.operation.batch.size': 3,
        'db.response.status_code': 'WRONGTYPE',
        'error.type': 'WRONGTYPE',
      },
    });
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  });

  test('the size of a pipeline is counted only if it is sampled', async () => {
    use();
    const redis = open();
    const readsOf = async () => {
      const pipeline = redis.pipeline().get(key).exists(key);
      const [command] = (pipeline as unknown as { readonly _queue: readonly { name: string }[] })._queue;
      const { name } = command!;
      let reads = 0;
      const get = () => {
        reads++;
        return name;
      };
      Object.defineProperty(command, 'name', { get });
      await asCaller(() => pipeline.exec());
      return reads;
    };
    const sampled = await readsOf();
    recorder.reset();
    recorder.sampling = 'none';
    expect(await readsOf()).toBeLessThan(sampled);
  });

  test('the callback of a pipeline runs in the context of its caller', async () => {
    use();
    const redis = open();
    const [id, current] = await asCaller(
      () =>
        new Promise(
          (resolve) =>
            void redis
              .pipeline()
              .get(key)
              .exec(() => resolve(activeSpanId())),
        ),
    );
    expect(current).toBe(id);
    expect(commands()).toEqual([['PIPELINE', id]]);
  });

  test('an empty pipeline has no span', async () => {
    use();
    expect(await open().pipeline().exec()).toEqual([]);
    expect(commands()).toEqual([]);
  });

  test('a transaction is one span', async () => {
    use();
    const redis = open();
    const [id, replies] = await asCaller(() => redis.multi().set(key, '1').incr(key).del(key).exec());
    expect(replies).toEqual([
      [null, 'OK'],
      [null, 2],
      [null, 1],
    ]);
    expect(commands()).toEqual([['MULTI', id]]);
    expect(recorder.spans()[0]?.attributes).toMatchObject({ 'db.operation.batch.size': 3 });
  });

  test('a transaction that does not run because a watched key has changed has not failed', async () => {
    use();
    const [redis, other] = [open(), open()];
    await redis.watch(key);
    await other.set(key, '1');
    expect(await redis.multi().get(key).del(key).exec()).toBeNull();
    await other.del(key);
    const span = recorder.spans().find(({ name }) => name === 'MULTI');
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  });

  test('a transaction that the server discards has the error that the application gets', async () => {
    use();
    const redis = open();
    await expect(redis.multi().call('NOSUCHCOMMAND', 's3cr3t').exec()).rejects.toThrow('EXECABORT');
    const [span] = recorder.spans();
    expect(span?.attributes['db.response.status_code']).toBe('EXECABORT');
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  });

  test('a transaction without a pipeline has a span for each command', async () => {
    use();
    const redis = open();
    await redis.multi({ pipeline: false });
    await redis.incr(key);
    await redis.del(key);
    await redis.exec();
    expect(commands().map(([name]) => name)).toEqual(['MULTI', 'INCR', 'DEL', 'EXEC']);
  });
});

// Transactions and pipelines of node-redis.
import { recordSpans } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import { PUBLISHED, VERSIONS } from './subjects.ts';
import { asCaller, commandsOf, redisUrl, tracedClients } from './traced-clients.ts';

const url = redisUrl();
const recorder = recordSpans();
const key = `clew:${crypto.randomUUID()}`;
const commands = () => commandsOf(recorder);

describe.each(Object.values(VERSIONS))('%s', (version) => {
  const { open, use } = tracedClients(version, url);

  test('the size of a batch is counted only if it is sampled', async () => {
    const client = await open();
    const readsOf = async () => {
      let reads = 0;
      const command = ['', key];
      const get = () => {
        reads++;
        return 'GET';
      };
      Object.defineProperty(command, 0, { get });
      await asCaller(() => client.multi().addCommand(command).exec());
      return reads;
    };
    use();
    const sampled = await readsOf();
    recorder.reset();
    recorder.sampling = 'none';
    const unsampled = await readsOf();
    // The library publishes the size of a batch itself from 5.12 on.
    expect(sampled - unsampled).toBe(PUBLISHED.has(version) ? 0 : 1);
  });

  test.each(['commands', 'batches'])(
    'after unsampled %s, the index of the database is known',
    async (what) => {
      use();
      const client = await open();
      const send = () => (what === 'commands' ? client.get(key) : client.multi().get(key).exec());
      recorder.sampling = 'none';
      await asCaller(send);
      recorder.sampling = 'all';
      await client.get(key);
      expect(recorder.spans().map(({ attributes }) => attributes['db.namespace'])).toEqual(['0']);
    },
  );

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
});

import { recordSpans } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import { traced, versions } from './mongodb-versions.ts';
import { MongoServer } from './servers/mongodb-server.ts';

const recorder = recordSpans();
let server: MongoServer;
beforeEach(async () => {
  server = await MongoServer.start();
});
afterEach(() => server.stop());

const NO_RETRIES = { retryReads: false, retryWrites: false };

describe.each(versions.map((version) => [version.name, version] as const))('%s', (_name, version) => {
  const failing = async (
    work: Parameters<typeof traced>[2],
    clientOptions: Parameters<typeof traced>[4] = NO_RETRIES,
    url = server.url,
  ) => {
    let error: unknown;
    const failed = (each: unknown) => {
      error = each;
    };
    await traced(version, url, (...given) => work(...given).catch(failed), {}, clientOptions).catch(failed);
    expect(error).toBeDefined();
    const spans = await recorder.takeUntil(() => true);
    return { error: error as Error & { readonly code?: unknown }, spans, span: spans.at(-1)! };
  };

  test('an error of the server is recorded with its code and the name of the code', async () => {
    server.fail('find', 50, 'MaxTimeMSExpired', 'operation exceeded time limit');
    const { span, error } = await failing(async (songs) => {
      await songs.find({}, { maxTimeMS: 5 }).toArray();
    });
    expect(error.code).toBe(50);
    expect(span).toMatchObject({
      name: 'find songs',
      status: { code: SpanStatusCode.ERROR, message: 'operation exceeded time limit' },
      attributes: { 'db.response.status_code': '50', 'error.type': 'MaxTimeMSExpired' },
    });
    expect(span.events).toMatchObject([{ attributes: { 'exception.type': 'MongoServerError' } }]);
  });

  test.each(['insertOne', 'insertMany', 'bulkWrite'])(
    'a duplicate key in %s is recorded without the key',
    async (method) => {
      const { span, error } = await failing(async (_songs, db) => {
        const songs = db.collection<{ _id: string; title: string }>('songs');
        const song = { _id: 's3cr3t', title: 'one' };
        await songs.insertOne(song);
        await recorder.take(1);
        if (method === 'insertOne') await songs.insertOne(song);
        else if (method === 'insertMany') await songs.insertMany([song, { _id: 'two', title: 'two' }]);
        else await songs.bulkWrite([{ insertOne: { document: song } }]);
      });
      expect(error.message).toContain('s3cr3t');
      expect(error.code).toBe(11_000);
      expect(span.attributes).toMatchObject({
        'db.response.status_code': '11000',
        'error.type': 'DuplicateKey',
      });
      expect(span.status.code).toBe(SpanStatusCode.ERROR);
      expect(span.status.message).toBe(
        'E11000 duplicate key error collection: shop.songs index: _id_ dup key: {?}',
      );
      expect(span.events).toHaveLength(1);
      expect(JSON.stringify(span)).not.toContain('s3cr3t');
    },
  );

  test('a write concern that is not satisfied is an error', async () => {
    server.fault('insert', {
      add: {
        writeConcernError: {
          code: 64,
          codeName: 'WriteConcernFailed',
          errmsg: 'waiting for replication timed out',
        },
      },
    });
    const { span, error } = await failing(async (songs) => {
      await songs.insertOne({ title: 'one' }, { writeConcern: { w: 3, wtimeoutMS: 5 } });
    });
    expect(error.name).toBe('MongoWriteConcernError');
    expect(span.attributes).toMatchObject({
      'db.response.status_code': '64',
      'error.type': 'WriteConcernFailed',
    });
    expect(span.events).toHaveLength(1);
  });

  test('a connection that is cut in mid-command is an error without a code', async () => {
    server.fault('find', { cut: true });
    const { span, error } = await failing(async (songs) => {
      await songs.findOne();
    });
    expect(error.name).toBe('MongoNetworkError');
    expect(span).toMatchObject({ name: 'find songs', status: { code: SpanStatusCode.ERROR } });
    expect(span.attributes).toMatchObject({ 'error.type': 'MongoNetworkError' });
    expect(span.attributes).not.toHaveProperty('db.response.status_code');
  });

  test('a command that the driver retries is a span for each attempt', () =>
    traced(
      version,
      server.url,
      async (songs) => {
        server.fault('find', { cut: true });
        expect(await songs.findOne()).toBeNull();
        const spans = await recorder.takeUntil(({ status }) => status.code === SpanStatusCode.UNSET);
        expect(spans.map(({ name, status }) => [name, status.code])).toEqual([
          ['find songs', SpanStatusCode.ERROR],
          ['find songs', SpanStatusCode.UNSET],
        ]);
      },
      {},
      // mongodb 6.22 keeps the timer of the second selection.
      { serverSelectionTimeoutMS: 3000, minHeartbeatFrequencyMS: 20 },
    ));

  test('a server that never responds is an error after the time-out of the socket', async () => {
    server.fault('find', { hang: true });
    const { span } = await failing(
      async (songs) => {
        await songs.findOne();
      },
      { ...NO_RETRIES, socketTimeoutMS: 500 },
    );
    expect(span.attributes['error.type']).toBe('MongoNetworkTimeoutError');
  });

  test('a refused connection is a span that names the server', async () => {
    const closed = await MongoServer.start();
    const { url, port } = closed;
    await closed.stop();
    const { error, spans } = await failing(async () => {}, { serverSelectionTimeoutMS: 30 }, url);
    expect(error.name).toBe('MongoServerSelectionError');
    expect(spans).toMatchObject([
      {
        name: 'connect',
        attributes: {
          'db.system.name': 'mongodb',
          'server.address': 'localhost',
          'server.port': port,
          'error.type': 'MongoServerSelectionError',
        },
      },
    ]);
  });

  test('a wait for a connection that times out is a span with the error, other waits are attributes', async () => {
    server.fault('find', { delayMs: 60 });
    const { error, spans } = await failing(
      async (songs) => {
        await Promise.all([songs.findOne(), songs.findOne()]);
      },
      { ...NO_RETRIES, maxPoolSize: 1, waitQueueTimeoutMS: 20 },
    );
    expect(error.name).toBe('MongoWaitQueueTimeoutError');
    const acquire = spans.find(({ name }) => name === 'acquire connection');
    expect(acquire?.attributes).toMatchObject({ 'error.type': 'MongoWaitQueueTimeoutError' });

    await traced(
      version,
      server.url,
      async (songs) => {
        server.fault('find', { delayMs: 20 });
        await Promise.all([songs.findOne(), songs.findOne()]);
        const waits = (await recorder.take(2)).map(
          ({ attributes }) => attributes['clew.db.connection_wait_ms'],
        );
        expect(waits.filter((wait) => Number(wait) > 10)).not.toEqual([]);
      },
      {},
      { maxPoolSize: 1 },
    );
  });

  test('a client that is closed in mid-command leaves no open span', async () => {
    const other = await MongoServer.start();
    await traced(version, other.url, async (songs, _db, client) => {
      other.fault('find', { hang: true });
      const found = songs.findOne().catch((error: unknown) => error);
      await other.receives('find');
      await client.close(true);
      // The oldest version waits for the end of the connection.
      await other.stop();
      expect(await found).toHaveProperty('name', expect.stringMatching(/^Mongo\w+Error$/));
    });
    const [span] = await recorder.takeUntil(({ name }) => name === 'find songs');
    expect(span?.status.code).toBe(SpanStatusCode.ERROR);
  });
});

test.each(
  versions
    .filter(({ number }) => Number(number.split('.')[0]) >= 7)
    .map((version) => [version.name, version] as const),
)('%s: a command that the application aborts is not an error', async (_name, version) => {
  await traced(version, server.url, async (songs) => {
    server.fault('find', { hang: true });
    const controller = new AbortController();
    const found = songs.find({}, { signal: controller.signal }).toArray();
    await server.receives('find');
    controller.abort();
    await expect(found).rejects.toThrow('aborted');
    const [span] = await recorder.takeUntil(({ name }) => name === 'find songs');
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  });
});

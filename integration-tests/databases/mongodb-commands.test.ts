import { type RecordedSpan, recordSpans } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import { type Db, type Document, Long, ObjectId } from 'mongodb';
import { newest, traced, versions } from './mongodb-versions.ts';
import { MongoServer } from './servers/mongodb-server.ts';

const recorder = recordSpans();
let server: MongoServer;
beforeEach(async () => {
  server = await MongoServer.start();
});
afterEach(() => server.stop());

const namesOf = (spans: readonly RecordedSpan[]) => spans.map(({ name }) => name);

describe.each(versions.map((version) => [version.name, version] as const))('%s', (_name, version) => {
  test('a command is one CLIENT span with the attributes of the conventions', () =>
    traced(version, server.url, async (songs) => {
      await songs.find({ title: 's3cr3t' }).toArray();
      const [span] = await recorder.take(1);
      expect(span).toMatchObject({ name: 'find songs', kind: SpanKind.CLIENT, status: { code: 0 } });
      // It waits for its connection.
      const { 'clew.db.connection_wait_ms': _waitMs, ...attributes } = span!.attributes;
      expect(attributes).toEqual({
        'db.system.name': 'mongodb',
        'db.namespace': 'shop',
        'db.collection.name': 'songs',
        'db.operation.name': 'find',
        'db.query.summary': 'find songs',
        'db.response.returned_rows': 0,
        'server.address': 'localhost',
        'server.port': server.port,
      });
    }));

  test('each kind of command has its own name and target', () =>
    traced(version, server.url, async (songs, db) => {
      await songs.insertOne({ title: 'one' });
      await songs.updateOne({ title: 'one' }, { $set: { plays: 1 } });
      await songs.findOneAndUpdate({ title: 'one' }, { $inc: { plays: 1 } });
      await songs.countDocuments();
      await songs.estimatedDocumentCount();
      await songs.distinct('title');
      await songs.deleteOne({ title: 'one' });
      await songs.createIndex({ title: 1 });
      await db.listCollections().toArray();
      await db.command({ ping: 1 });
      await songs.drop();
      expect(namesOf(await recorder.take(11))).toEqual([
        'insert songs',
        'update songs',
        'findAndModify songs',
        'aggregate songs',
        'count songs',
        'distinct songs',
        'delete songs',
        'createIndexes songs',
        'listCollections',
        'ping',
        'drop songs',
      ]);
    }));

  test('commands of the driver itself have no span', async () => {
    await traced(version, server.url, async (songs) => {
      await songs.findOne();
    });
    await server.receives('endSessions');
    expect(namesOf(await recorder.take(1))).toEqual(['find songs']);
  });

  test('several documents, updates or deletes are a batch with its size', () =>
    traced(version, server.url, async (songs) => {
      await songs.insertMany([{ title: 'one' }, { title: 'two' }, { title: 'three' }]);
      await songs.bulkWrite([
        { updateOne: { filter: { title: 'one' }, update: { $set: { plays: 1 } } } },
        { updateOne: { filter: { title: 'two' }, update: { $set: { plays: 2 } } } },
        { deleteOne: { filter: { title: 'three' } } },
      ]);
      const spans = await recorder.take(3);
      expect(namesOf(spans)).toEqual(['BATCH insert songs', 'BATCH update songs', 'delete songs']);
      expect(spans.map(({ attributes }) => attributes['db.operation.batch.size'])).toEqual([3, 2, undefined]);
    }));

  test('the commands of a transaction are spans of the caller', () =>
    traced(version, server.url, async (songs, _db, client) => {
      await client.withSession((session) =>
        session.withTransaction(async () => {
          await songs.insertOne({ title: 'one' }, { session });
        }),
      );
      await client.withSession(async (session) => {
        session.startTransaction();
        await songs.insertOne({ title: 'two' }, { session });
        await session.abortTransaction();
      });
      expect(namesOf(await recorder.take(4))).toEqual([
        'insert songs',
        'commitTransaction',
        'insert songs',
        'abortTransaction',
      ]);
    }));

  test('an unacknowledged write ends when it is sent', () =>
    traced(version, server.url, async (songs) => {
      await songs.insertOne({ title: 'one' }, { writeConcern: { w: 0 } });
      expect(namesOf(await recorder.take(1))).toEqual(['insert songs']);
    }));

  test('the option ignore leaves commands out by their summary', () =>
    traced(
      version,
      server.url,
      async (songs) => {
        await songs.insertOne({ title: 'one' });
        await songs.findOne();
        expect(namesOf(await recorder.take(1))).toEqual(['insert songs']);
      },
      { ignore: ['find songs'] },
    ));
});

describe('the text of a command', () => {
  const textsOf = async (run: (db: Db) => Promise<unknown>, options: object = {}) => {
    let texts: unknown[] = [];
    await traced(
      newest,
      server.url,
      async (_songs, db) => {
        await run(db);
        texts = (await recorder.takeUntil(() => true)).map(({ attributes }) => attributes['db.query.text']);
      },
      { recordQueryText: true, ...options },
    );
    return texts;
  };

  test('is not recorded by default', async () => {
    const find = (db: Db) => db.collection('songs').findOne({ title: 'one' });
    expect(await textsOf(find, { recordQueryText: false })).toEqual([undefined]);
  });

  test.each<[string, Document, string]>([
    ['a value', { title: 's3cr3t' }, '{"title":"?"}'],
    ['operators', { plays: { $gt: 4711, $lt: 9 } }, '{"plays":{"$gt":"?","$lt":"?"}}'],
    ['values of a list', { plays: { $in: [1, 2, 3] } }, '{"plays":{"$in":["?"]}}'],
    ['documents of a list', { $or: [{ a: 1 }, { b: 2 }] }, '{"$or":[{"a":"?"},{"b":"?"}]}'],
    ["BSON's types", { a: new ObjectId(), b: Long.ONE }, '{"a":"?","b":"?"}'],
    ['built-in objects', { a: new Date(0), c: Buffer.from('s') }, '{"a":"?","c":"?"}'],
    ['nothing', { a: null, b: true }, '{"a":"?","b":"?"}'],
  ])('has ? for %s', async (_what, filter, expected) => {
    const [text] = await textsOf((db) => db.collection('songs').find(filter).toArray());
    expect(text).toBe(`{"find":"songs","filter":${expected}}`);
  });

  test('has the stages of a pipeline, without the paths of fields', async () => {
    const [text] = await textsOf((db) =>
      db
        .collection('songs')
        .aggregate([{ $match: { title: 's3cr3t' } }, { $limit: 3 }])
        .toArray(),
    );
    expect(text).toBe(
      '{"aggregate":"songs","pipeline":[{"$match":{"title":"?"}},{"$limit":"?"}],"cursor":{}}',
    );
  });

  test('has no document that is inserted, and no name of a user', async () => {
    const texts = await textsOf(async (db) => {
      await db.collection<Document>('songs').insertOne({ s3cr3t: 's3cr3t' });
      await db.command({ createUser: 's3cr3t', pwd: 's3cr3t', roles: ['s3cr3t'] });
    });
    expect(texts.join()).not.toContain('s3cr3t');
    expect(texts[0]).toContain('"documents":"?"');
  });

  test('is cut at maxQueryLength; 0 leaves it out', async () => {
    const find = (db: Db) => db.collection('songs').findOne({ title: 'one' });
    expect(await textsOf(find, { maxQueryLength: 10 })).toEqual(['{"find":"s…']);
    expect(await textsOf(find, { maxQueryLength: 0 })).toEqual([undefined]);
  });

  test('is never read to its end if it is long, and a deep document is not read', async () => {
    const deep = Array.from({ length: 60 }).reduce<Document>((inner) => ({ a: inner }), { secret: 1 });
    const [text] = await textsOf((db) => db.collection('songs').find(deep).toArray(), { maxQueryLength: -1 });
    expect(text).not.toContain('secret');
    let reads = 0;
    const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`key${index}`, 1]));
    const counted = {
      $match: wide,
      get $later() {
        reads++;
        return 1;
      },
    };
    await textsOf((db) =>
      db
        .collection('songs')
        .aggregate([counted])
        .toArray()
        .catch(() => {}),
    );
    const readsOfDriver = reads;
    reads = 0;
    await textsOf(
      (db) =>
        db
          .collection('songs')
          .aggregate([counted])
          .toArray()
          .catch(() => {}),
      { recordQueryText: false },
    );
    expect(readsOfDriver).toBe(reads);
  });
});

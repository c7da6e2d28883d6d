import { callerSpan, currentSpanId, recordSpans, within } from '@clew/testing';
import { traced, versions } from './mongodb-versions.ts';
import { MongoServer } from './servers/mongodb-server.ts';

const recorder = recordSpans();
let server: MongoServer;
beforeEach(async () => {
  server = await MongoServer.start();
});
afterEach(() => server.stop());

const five = () => Array.from({ length: 5 }, (_, index) => ({ title: `song ${index}` }));

describe.each(versions.map((version) => [version.name, version] as const))('%s', (_name, version) => {
  test('in a loop over a cursor, each getMore belongs to the caller, whose context stays current', () =>
    traced(version, server.url, async (songs) => {
      await songs.insertMany(five());
      recorder.reset();
      const caller = callerSpan();
      await within(caller, async () => {
        for await (const song of songs.find({}, { batchSize: 2 })) {
          expect(song.title).toContain('song');
          expect(currentSpanId()).toBe(caller.spanContext().spanId);
        }
      });
      caller.end();
      const [first, ...commands] = await recorder.take(4);
      expect(commands.map(({ name }) => name)).toEqual(['find songs', 'getMore songs', 'getMore songs']);
      expect(commands.map(({ attributes }) => attributes['db.response.returned_rows'])).toEqual([2, 2, 1]);
      expect(new Set(commands.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([first?.spanId]));
    }));

  test('a hundred streams at once through a pool of one: each belongs to its own caller', () =>
    traced(
      version,
      server.url,
      async (songs) => {
        await songs.insertMany(five());
        recorder.reset();
        const callers = Array.from({ length: 100 }, (_, index) => callerSpan(`caller ${index}`));
        const read = async () => {
          for await (const song of songs.find({}, { batchSize: 2 }).stream())
            expect(song.title).toBeDefined();
        };
        await Promise.all(callers.map((caller) => within(caller, read)));
        for (const caller of callers) caller.end();
        const spans = await recorder.take(400);
        for (const caller of callers) {
          const { spanId } = caller.spanContext();
          expect(spans.filter(({ parentSpanId }) => parentSpanId === spanId)).toHaveLength(3);
        }
      },
      {},
      { maxPoolSize: 1 },
    ));

  test('a cursor that is closed early, or that fails, leaves no open span', () =>
    traced(version, server.url, async (songs) => {
      await songs.insertMany(five());
      recorder.reset();
      const cursor = songs.find({}, { batchSize: 2 });
      await cursor.next();
      await cursor.close();
      expect((await recorder.take(2)).map(({ name }) => name)).toEqual(['find songs', 'killCursors songs']);
      server.fail('getMore', 43, 'CursorNotFound', 'cursor id 7 not found');
      await expect(songs.find({}, { batchSize: 2 }).toArray()).rejects.toThrow('not found');
      const spans = await recorder.takeUntil(({ name }) => name === 'getMore songs');
      expect(spans.at(1)?.attributes).toMatchObject({ 'error.type': 'CursorNotFound' });
      recorder.reset();
    }));
});

describe.each(
  versions
    .filter(({ number }) => number !== '6.0.0' && number !== '6.4.0')
    .map((version) => [version.name, version] as const),
)('a change stream of %s', (_name, version) => {
  test('has a span while it starts, but not while it waits', () =>
    traced(version, server.url, async (songs) => {
      const caller = callerSpan();
      const changes = songs.watch();
      const next = within(caller, () => changes.next());
      await server.receives('getMore');
      await songs.insertOne({ title: 'one' });
      expect(await next).toMatchObject({ operationType: 'insert', fullDocument: { title: 'one' } });
      await changes.close();
      caller.end();
      const spans = await recorder.take(4);
      expect(spans.map(({ name }) => name)).toEqual([
        'caller',
        'aggregate songs',
        'insert songs',
        'killCursors songs',
      ]);
      expect(spans[1]?.parentSpanId).toBe(spans[0]?.spanId);
    }));
});

// objection on knex: one CLIENT span for each of its queries.
import { recordSpans } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import type { Knex } from 'knex';
import { Model } from 'objection';
import { instrument, knex } from './subjects.ts';

const recorder = recordSpans();
let plugin: ReturnType<typeof instrument>;
let db: Knex;

beforeEach(async () => {
  plugin = instrument();
  db = knex({ client: 'better-sqlite3', connection: { filename: ':memory:' }, useNullAsDefault: true });
  await db.schema.createTable('artists', (table) => {
    table.increments('id');
    table.string('name');
  });
  await db.schema.createTable('songs', (table) => {
    table.increments('id');
    table.integer('artist_id');
    table.string('title');
  });
  recorder.reset();
});
afterEach(async () => {
  await db.destroy();
  plugin.disable();
});

const queriesOf = async (isLast: string, count: number) => {
  const spans = await recorder.take(count);
  expect(spans.at(-1)?.name).toBe(isLast);
  return spans.filter(({ kind }) => kind === SpanKind.CLIENT).map(({ name }) => name);
};

test('objection: graphs, eager relations and transactions', async () => {
  class Song extends Model {
    static override tableName = 'songs';
  }
  class Artist extends Model {
    static override tableName = 'artists';
    static override relationMappings = {
      songs: {
        relation: Model.HasManyRelation,
        modelClass: Song,
        join: { from: 'artists.id', to: 'songs.artist_id' },
      },
    };
  }
  await Artist.transaction(db, async (trx) => {
    await Artist.query(trx).insertGraph({ name: 'Bo', songs: [{ title: 'one' }] } as object);
  });
  expect(await queriesOf('COMMIT', 5)).toEqual(['BEGIN', 'INSERT artists', 'INSERT songs', 'COMMIT']);

  const [artist] = await Artist.query(db).withGraphFetched('songs');
  expect(artist).toMatchObject({ name: 'Bo', songs: [{ title: 'one' }] });
  expect(await queriesOf('SELECT songs', 2)).toEqual(['SELECT artists', 'SELECT songs']);
});

// 20 requests at once attach tags to songs and load them. Each request is a span.
const { trace } = require('@opentelemetry/api');
const bookshelf = require('bookshelf');
const knex = require('knex');

const [driver] = process.argv.slice(2);
const connection = process.env[driver === 'pg' ? 'POSTGRES_URL' : 'MYSQL_URL'];
const db = knex({ client: driver, connection, pool: { min: 0, max: 3 } });
const shelf = bookshelf(db);
const Tag = shelf.model('Tag', { tableName: 'tags' });
const Song = shelf.model('Song', {
  tableName: 'songs',
  tags() {
    return this.belongsToMany('Tag', 'songs_tags', 'song_id', 'tag_id');
  },
  initialize() {
    // A listener delays the query, and runs one of its own.
    this.on('saving', () => db('tags').where({ id: 0 }));
  },
});
const Songs = shelf.Collection.extend({ model: Song });

async function serve(id) {
  const [known] = await Songs.forge([{ id: 1 }]).mapThen((each) => Song.where({ id: each.id }).fetch());
  const [song, ...tags] = await Promise.all([
    new Song({ id, title: 'one' }).save(null, { method: 'insert' }),
    new Tag({ id: 100 + id }).save(null, { method: 'insert' }),
    new Tag({ id: 200 + id }).save(null, { method: 'insert' }),
  ]);
  await song.tags().attach(tags);
  const loaded = await Song.where({ id }).fetch({ withRelated: ['tags'] });
  const count = await Song.where({ id }).count();
  await song.tags().detach(tags[0]);
  await new Song({ id }).save({ title: 'two' }, { patch: true });
  return [known.get('title'), loaded.related('tags').pluck('id').sort(), Number(count)];
}

async function main() {
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      trace.getTracer('relations').startActiveSpan(`request ${index}`, async (span) => {
        const result = await serve(index + 2);
        span.end();
        return result;
      }),
    ),
  );
  console.log(JSON.stringify(results));
  await db.destroy();
}

main();

import { Kysely, MysqlDialect, PostgresDialect } from 'kysely';
import { createPool } from 'mysql2';
import pg from 'pg';

const DIALECTS = {
  pg: ({ url, size }) => new PostgresDialect({ pool: new pg.Pool({ connectionString: url, max: size }) }),
  mysql2: ({ url, size }) => new MysqlDialect({ pool: createPool({ uri: url, connectionLimit: size }) }),
};

export async function open(settings) {
  const db = new Kysely({ dialect: DIALECTS[settings.driver](settings) });
  const songs = (on) => ({
    find: (id) => on.selectFrom('songs').selectAll().where('id', '=', id).execute(),
    insert: async (id) => void (await on.insertInto('songs').values({ id, title: 'one' }).execute()),
  });
  return {
    ...songs(db),
    missing: () => db.selectFrom('nothing').selectAll().execute(),
    transaction: async (work) => void (await db.transaction().execute((trx) => work(songs(trx)))),
    close: () => db.destroy(),
  };
}

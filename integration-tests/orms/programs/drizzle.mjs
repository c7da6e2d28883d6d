import { eq, sql } from 'drizzle-orm';
import * as mysqlCore from 'drizzle-orm/mysql-core';
import { drizzle as drizzleMysql } from 'drizzle-orm/mysql2';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import * as pgCore from 'drizzle-orm/pg-core';
import { createPool } from 'mysql2/promise';
import pg from 'pg';

const DRIVERS = {
  pg: ({ url, size }) => {
    const pool = new pg.Pool({ connectionString: url, max: size });
    const { integer, pgTable, text } = pgCore;
    return {
      pool,
      db: drizzlePg(pool),
      table: pgTable('songs', { id: integer().primaryKey(), title: text() }),
    };
  },
  mysql2: ({ url, size }) => {
    const pool = createPool({ uri: url, connectionLimit: size });
    const { int, mysqlTable, text } = mysqlCore;
    return {
      pool,
      db: drizzleMysql(pool),
      table: mysqlTable('songs', { id: int().primaryKey(), title: text() }),
    };
  },
};

export async function open(settings) {
  const { pool, db, table } = DRIVERS[settings.driver](settings);
  const songs = (on) => ({
    find: async (id) => on.select().from(table).where(eq(table.id, id)),
    insert: async (id) => void (await on.insert(table).values({ id, title: 'one' })),
  });
  return {
    ...songs(db),
    missing: async () => db.execute(sql`SELECT * FROM nothing`),
    transaction: async (work) => void (await db.transaction((tx) => work(songs(tx)))),
    close: () => pool.end(),
  };
}

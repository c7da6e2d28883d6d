import { PrismaPg } from '@prisma/adapter-pg';
import { asc, eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import knex from 'knex';
import { type Generated, Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { DataTypes, Sequelize } from 'sequelize';

/** A library above pg, with a pool of its own and a table `songs (id, title)` that exists. */
export interface OrmConnection {
  /** Runs one query; `id` is a bound value. */
  find(id: number): Promise<unknown>;
  /** Inserts a song and finds it, in one transaction; `fail` makes the application roll it back. */
  transaction(id: number, fail?: boolean): Promise<unknown>;
  close(): Promise<unknown>;
}

export interface Orm {
  readonly name: string;
  /** The number of connections is `size` at most. */
  open(url: string, size: number): Promise<OrmConnection>;
}

export class RolledBack extends Error {}

const rollBackIf = (fail = false) => {
  if (fail) throw new RolledBack('rolled back');
};

interface Song {
  id: number;
  title: string;
}

const sequelize: Orm = {
  name: 'Sequelize',
  async open(url, size) {
    const db = new Sequelize(url, { logging: false, pool: { max: size } });
    const attributes = { id: { type: DataTypes.INTEGER, primaryKey: true }, title: DataTypes.TEXT };
    const Songs = db.define('song', attributes, { tableName: 'songs', timestamps: false });
    return {
      find: (id) => Songs.findAll({ where: { id } }),
      transaction: (id, fail) =>
        db.transaction(async (transaction) => {
          await Songs.create({ id, title: 'one' }, { transaction });
          await Songs.findAll({ where: { id }, transaction });
          rollBackIf(fail);
        }),
      close: () => db.close(),
    };
  },
};

const drizzleOrm: Orm = {
  name: 'Drizzle',
  async open(url, size) {
    const pool = new pg.Pool({ connectionString: url, max: size });
    const db = drizzle(pool);
    const songs = pgTable('songs', { id: integer('id').primaryKey(), title: text('title') });
    return {
      find: async (id) => db.select().from(songs).where(eq(songs.id, id)).orderBy(asc(songs.id)),
      transaction: (id, fail) =>
        db.transaction(async (tx) => {
          await tx.insert(songs).values({ id, title: 'one' });
          await tx.select().from(songs).where(eq(songs.id, id));
          rollBackIf(fail);
        }),
      close: () => pool.end(),
    };
  },
};

const kysely: Orm = {
  name: 'Kysely',
  async open(url, size) {
    const pool = new pg.Pool({ connectionString: url, max: size });
    const db = new Kysely<{ songs: { id: Generated<number> | number; title: string } }>({
      dialect: new PostgresDialect({ pool }),
    });
    return {
      find: (id) => db.selectFrom('songs').selectAll().where('id', '=', id).execute(),
      transaction: (id, fail) =>
        db.transaction().execute(async (trx) => {
          await trx.insertInto('songs').values({ id, title: 'one' }).execute();
          await trx.selectFrom('songs').selectAll().where('id', '=', id).execute();
          rollBackIf(fail);
        }),
      close: () => db.destroy(),
    };
  },
};

const knexBuilder: Orm = {
  name: 'knex',
  async open(url, size) {
    const db = knex({ client: 'pg', connection: url, pool: { min: 0, max: size } });
    return {
      find: async (id) => db<Song>('songs').where({ id }),
      transaction: (id, fail) =>
        db.transaction(async (trx) => {
          await trx<Song>('songs').insert({ id, title: 'one' });
          await trx<Song>('songs').where({ id });
          rollBackIf(fail);
        }),
      close: () => db.destroy(),
    };
  },
};

/** The adapter alone: the generated client, which takes 300 MB to install, is tested in integration-tests/orms. */
const prismaAdapter: Orm = {
  name: "Prisma's adapter for pg",
  async open(url, size) {
    const adapter = await new PrismaPg({ connectionString: url, max: size }).connect();
    const argTypes = [{ scalarType: 'int', arity: 'scalar' } as const];
    const select = (id: number) => ({
      sql: 'SELECT id, title FROM songs WHERE id = $1',
      args: [id],
      argTypes,
    });
    const insert = (id: number) => ({ sql: "INSERT INTO songs VALUES ($1, 'one')", args: [id], argTypes });
    return {
      find: (id) => adapter.queryRaw(select(id)),
      async transaction(id, fail) {
        const transaction = await adapter.startTransaction();
        const finish = async (sql: string, end: () => Promise<void>) => {
          await transaction.executeRaw({ sql, args: [], argTypes: [] });
          await end();
        };
        try {
          await transaction.executeRaw(insert(id));
          await transaction.queryRaw(select(id));
          rollBackIf(fail);
        } catch (error) {
          await finish('ROLLBACK', () => transaction.rollback());
          throw error;
        }
        await finish('COMMIT', () => transaction.commit());
      },
      close: () => adapter.dispose(),
    };
  },
};

export const orms: readonly Orm[] = [sequelize, drizzleOrm, kysely, knexBuilder, prismaAdapter];

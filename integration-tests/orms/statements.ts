// The statements of the ORMs, as they send them.
import type { Statements } from './expected-requests.ts';
import type { Driver } from './orm-project.ts';

type ByDriver = Readonly<Record<Driver, Statements>>;

const UPPER_CASE = { begin: 'START TRANSACTION', commit: 'COMMIT', rollback: 'ROLLBACK' };
const LOWER_CASE = { begin: 'begin', commit: 'commit', rollback: 'rollback' };
const KNEX = { begin: 'BEGIN;', commit: 'COMMIT;', rollback: 'ROLLBACK', hasTransactionSpan: true };
const KNEX_PG = { ...KNEX, setUp: /^select version\(\);$/ };
const KNEX_MYSQL = { ...KNEX, setUp: /^select version\(\) as version$/ };
const INSERT_PG = 'insert into "songs" ("id", "title") values (?, ?)';
const INSERT_MYSQL = 'insert into `songs` (`id`, `title`) values (?, ?)';

const sequelize: ByDriver = {
  pg: {
    find: 'SELECT "id", "title" FROM "songs" AS "song" WHERE "song"."id" = ?;',
    insert: 'INSERT INTO "songs" ("id","title") VALUES ($1,$2) RETURNING "id","title";',
    insertedRows: 1,
    missing: 'SELECT * FROM nothing',
    begin: 'START TRANSACTION;',
    commit: 'COMMIT;',
    rollback: 'ROLLBACK;',
    setUp: /^(SET |WITH ranges|SHOW )/,
  },
  mysql2: {
    find: 'SELECT `id`, `title` FROM `songs` AS `song` WHERE `song`.`id` = ?;',
    insert: 'INSERT INTO `songs` (`id`,`title`) VALUES (?,?);',
    missing: 'SELECT * FROM nothing',
    begin: 'START TRANSACTION;',
    commit: 'COMMIT;',
    rollback: 'ROLLBACK;',
    setUp: /^(SET time_zone|SELECT VERSION)/,
  },
};

const typeorm: ByDriver = {
  pg: {
    ...UPPER_CASE,
    find: 'SELECT "Song"."id" AS "Song_id", "Song"."title" AS "Song_title" FROM "songs" "Song" WHERE (("Song"."id" = $1))',
    insert: 'INSERT INTO "songs"("id", "title") VALUES ($1, $2)',
    missing: 'SELECT * FROM nothing',
    setUp: /^SELECT (version\(\)|\* FROM current_schema\(\))$/,
  },
  mysql2: {
    ...UPPER_CASE,
    find: 'SELECT `Song`.`id` AS `Song_id`, `Song`.`title` AS `Song_title` FROM `songs` `Song` WHERE ((`Song`.`id` = ?))',
    insert: 'INSERT INTO `songs`(`id`, `title`) VALUES (?, ?)',
    missing: 'SELECT * FROM nothing',
    setUp: /^SELECT version\(\) as version$/,
  },
};

const drizzle: ByDriver = {
  pg: {
    ...LOWER_CASE,
    find: 'select "id", "title" from "songs" where "songs"."id" = $1',
    insert: 'insert into "songs" ("id", "title") values ($1, $2)',
    missing: 'SELECT * FROM nothing',
  },
  mysql2: {
    ...LOWER_CASE,
    find: 'select `id`, `title` from `songs` where `songs`.`id` = ?',
    insert: INSERT_MYSQL,
    missing: 'SELECT * FROM nothing',
  },
};

const kysely: ByDriver = {
  pg: {
    ...LOWER_CASE,
    find: 'select * from "songs" where "id" = $1',
    insert: 'insert into "songs" ("id", "title") values ($1, $2)',
    missing: 'select * from "nothing"',
  },
  mysql2: {
    ...LOWER_CASE,
    find: 'select * from `songs` where `id` = ?',
    insert: INSERT_MYSQL,
    missing: 'select * from `nothing`',
  },
};

const knex: ByDriver = {
  pg: {
    ...KNEX_PG,
    find: 'select * from "songs" where "id" = ?',
    insert: INSERT_PG,
    missing: 'select * from "nothing"',
  },
  mysql2: {
    ...KNEX_MYSQL,
    find: 'select * from `songs` where `id` = ?',
    insert: INSERT_MYSQL,
    missing: 'select * from `nothing`',
  },
};

const objection: ByDriver = {
  pg: {
    ...KNEX_PG,
    find: 'select "songs".* from "songs" where "id" = ?',
    insert: `${INSERT_PG} returning "id"`,
    insertedRows: 1,
    missing: 'select "nothing".* from "nothing" where "nothing"."id" = ?',
    failedTransaction: 'UniqueViolationError',
  },
  mysql2: {
    ...KNEX_MYSQL,
    find: 'select `songs`.* from `songs` where `id` = ?',
    insert: INSERT_MYSQL,
    missing: 'select `nothing`.* from `nothing` where `nothing`.`id` = ?',
    failedTransaction: 'UniqueViolationError',
  },
};

const bookshelf: ByDriver = {
  pg: {
    ...KNEX_PG,
    find: 'select "songs".* from "songs" where "id" = ?',
    insert: `${INSERT_PG} returning *`,
    insertedRows: 1,
    missing: 'select "nothing".* from "nothing"',
  },
  mysql2: {
    ...KNEX_MYSQL,
    find: 'select `songs`.* from `songs` where `id` = ?',
    insert: INSERT_MYSQL,
    refresh: 'select `songs`.* from `songs` where `songs`.`id` = ? limit ?',
    missing: 'select `nothing`.* from `nothing`',
  },
};

/** By the file of the ORM's program. */
export const STATEMENTS: Readonly<Record<string, ByDriver>> = {
  'sequelize.cjs': sequelize,
  'typeorm.cjs': typeorm,
  'drizzle.mjs': drizzle,
  'kysely.mjs': kysely,
  'knex.cjs': knex,
  'objection.cjs': objection,
  'bookshelf.cjs': bookshelf,
};

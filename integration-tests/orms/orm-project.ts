// A project outside this repository, whose programs use ORMs with the preload flag, and compares them with the same
// programs without it.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';
import { npm, packPackages } from '../packed-packages.ts';
import { type Ended, runProgram } from '../run-program.ts';
import { findMariadb, type Mariadb } from '../services/mariadb.ts';
import { findPostgres, type Postgres } from '../services/postgres.ts';
import { createDatabase, type Database } from '../services/postgres-database.ts';
import { spansOf } from '../span-tree.ts';

export type Driver = 'pg' | 'mysql2';
export type OrmSpan = ReturnType<typeof spansOf>[number];

/** What can be seen of a run without its spans. */
interface Run extends Ended {
  /** The rows of the table `songs` afterwards. */
  readonly songs: unknown;
}

export interface Compared {
  readonly untraced: Run;
  readonly traced: Run;
  readonly spans: readonly OrmSpan[];
}

export interface OrmProject {
  readonly folder: string;
  /** Runs a program without and with the preload flag, each time with the song 1 alone in the table `songs`. */
  compare(driver: Driver, ...args: readonly string[]): Promise<Compared>;
  close(): Promise<void>;
}

const PLUGINS = ['node', 'instrumentation-pg', 'instrumentation-mysql2', 'instrumentation-knex'];
const TABLES = [
  'DROP TABLE IF EXISTS songs_tags',
  'DROP TABLE IF EXISTS songs',
  'DROP TABLE IF EXISTS tags',
  'CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT NOT NULL)',
  'CREATE TABLE tags (id INTEGER PRIMARY KEY)',
  'CREATE TABLE songs_tags (song_id INTEGER, tag_id INTEGER)',
  "INSERT INTO songs VALUES (1, 'one')",
];

/** Installs packages next to Clew's, with the given fields in package.json. */
export async function createProject(packages: readonly string[], fields: object = {}): Promise<OrmProject> {
  const folder = mkdtempSync(join(tmpdir(), 'clew-orms-'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, ...fields }));
  cpSync(join(__dirname, 'programs'), folder, { recursive: true });
  const tarballs = await packPackages(folder, PLUGINS);
  await npm(folder, 'install', '--ignore-scripts', ...tarballs, ...packages);

  const [collector, postgres, mariadb] = await Promise.all([
    startCollector({ port: 0 }),
    findPostgres(),
    findMariadb(),
  ]);
  const [ofPostgres, ofMariadb] = await Promise.all([createDatabase(postgres), createMysqlDatabase(mariadb)]);
  const urls = { POSTGRES_URL: ofPostgres.url, MYSQL_URL: ofMariadb.url };
  const query = {
    pg: (statements: readonly string[]) => queryPostgres(ofPostgres.url, statements),
    mysql2: (statements: readonly string[]) => queryMysql(ofMariadb.url, statements),
  };

  const run = async (driver: Driver, args: readonly string[], variables = {}): Promise<Run> => {
    await query[driver](TABLES);
    const ended = await runProgram(args, { cwd: folder, variables: { ...urls, ...variables } });
    // Warnings contain the id of the process.
    const stderr = ended.stderr.replace(/\(node:\d+\)/g, '(node)');
    return { ...ended, stderr, songs: await query[driver](['SELECT * FROM songs ORDER BY id']) };
  };
  let runs = 0;

  return {
    folder,
    async compare(driver, ...args) {
      const untraced = await run(driver, args);
      const service = `orm ${runs++}`;
      const traced = await run(driver, ['--import', '@clew/node/register', ...args], {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_SERVICE_NAME: service,
      });
      return { untraced, traced, spans: spansOf(collector, service) };
    },
    close: () => closeAll(folder, collector, [ofPostgres, ofMariadb], [postgres, mariadb]),
  };
}

async function closeAll(
  folder: string,
  collector: Collector,
  databases: readonly Database[],
  servers: readonly (Postgres | Mariadb)[],
): Promise<void> {
  await collector.close();
  await Promise.all(databases.map((database) => database.drop()));
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
}

async function createMysqlDatabase({ url }: Mariadb): Promise<Database> {
  const name = `clew_orms_${process.pid}`;
  await queryMysql(url, [`DROP DATABASE IF EXISTS ${name}`, `CREATE DATABASE ${name}`]);
  const own = new URL(url);
  own.pathname = name;
  const drop = async () => void (await queryMysql(url, [`DROP DATABASE ${name}`]));
  return { url: own.href, drop };
}

/** Runs statements one after the other; resolves to the rows of the last. */
async function queryMysql(url: string, statements: readonly string[]): Promise<unknown> {
  const connection = await createConnection(url);
  try {
    let rows: unknown;
    for (const statement of statements) [rows] = await connection.query(statement);
    return rows;
  } finally {
    await connection.end();
  }
}

async function queryPostgres(url: string, statements: readonly string[]): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    let rows: unknown;
    for (const statement of statements) ({ rows } = await client.query(statement));
    return rows;
  } finally {
    await client.end();
  }
}

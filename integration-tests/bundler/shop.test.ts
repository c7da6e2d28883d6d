import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostgres, type Postgres } from '../services/postgres.ts';
import { createDatabase, type Database } from '../services/postgres-database.ts';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { type Bundler, bundle } from './bundle.ts';
import { linesOf, type TracedRun, tracedRun } from './traced-run.ts';

// Without digits: Clew treats a name with a number as temporary.
const EXCHANGE = `clew.bundled.${String(process.pid).replace(/\d/g, (digit) => 'abcdefghij'.charAt(Number(digit)))}`;
const OUTPUT = [
  '200 {"pieces":1}',
  'catalogue: select "id" from "warehouse" where "id" = $1 - relation "warehouse" does not exist',
  '502 no stock: 500',
  '201 placed',
  '',
].join('\n');

let folder: string;
let broker: Rabbitmq;
let postgres: Postgres;
let database: Database;
let unbundled: TracedRun;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clew-bundler-'));
  [broker, postgres] = await Promise.all([rabbitmq(), findPostgres()]);
  database = await createDatabase(postgres);
  unbundled = await run(__dirname, '--import', '@clew/node/register', 'programs/shop.mjs');
}, 120_000);

afterAll(async () => {
  await database?.drop();
  await Promise.all([broker?.stop(), postgres?.stop()]);
  await rm(folder, { recursive: true });
});

function run(cwd: string, ...args: readonly string[]): Promise<TracedRun> {
  return tracedRun(args, cwd, { AMQP_URL: broker.url, DATABASE_URL: database.url, EXCHANGE });
}

test('the shop that is not bundled has spans of all its libraries', () => {
  expect(unbundled).toMatchObject({ code: 0, stdout: OUTPUT, stderr: '' });
  expect(linesOf(unbundled.traces)).toEqual(
    expect.arrayContaining([
      '  SERVER GET /songs/:id',
      '    CLIENT GET',
      '      SERVER GET /songs/:id/stock',
      '        INTERNAL transaction',
      '          CLIENT INSERT songs',
      '        CLIENT SELECT songs',
      `    PRODUCER publish ${EXCHANGE}:order.placed`,
      `      CONSUMER process ${EXCHANGE}:order.placed:${EXCHANGE}.orders`,
    ]),
  );
});

test.each<[bundler: Bundler, program: string, file: string, minify: boolean]>([
  ['esbuild', 'shop.mjs', 'esbuild.mjs', false],
  ['esbuild', 'shop.mjs', 'esbuild-from-module.cjs', true],
  ['esbuild', 'shop.cjs', 'esbuild.cjs', true],
  ['esbuild', 'shop.cjs', 'esbuild-from-commonjs.mjs', false],
  ['rollup', 'shop.mjs', 'rollup.mjs', false],
  ['rollup', 'shop.cjs', 'rollup.cjs', true],
  ['vite', 'shop.mjs', 'vite.mjs', false],
  ['vite', 'shop.cjs', 'vite.cjs', true],
  ['webpack', 'shop.mjs', 'webpack.mjs', false],
  ['webpack', 'shop.cjs', 'webpack.cjs', true],
])(
  '%s: %s as one file, %s (minified: %s), has the traces of the program that is not bundled',
  async (bundler, program, name, minify) => {
    const file = join(folder, name);
    expect(await bundle({ bundler, program, file, minify })).toMatchObject({ code: 0, stderr: '' });
    // Rollup hoists the `require` of node:sqlite in undici, of which older versions of Node warn.
    const bundled = await run(folder, '--disable-warning=ExperimentalWarning', file);
    expect(bundled).toMatchObject({ code: 0, stdout: OUTPUT, stderr: '' });
    expect(bundled.traces).toEqual(unbundled.traces);
  },
  240_000,
);

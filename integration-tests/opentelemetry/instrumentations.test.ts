import { execFile } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Collector, startCollector } from '@clew/viewer';
import { cleanEnvironment, runProgram } from '../run-program.ts';
import { findMariadb, type Mariadb } from '../services/mariadb.ts';
import { findPostgres, type Postgres } from '../services/postgres.ts';
import { spansOf, treeOf } from '../span-tree.ts';

// What a user does: OpenTelemetry's instrumentations for the libraries that Clew has no plugin for, under the preload.

const TIMEOUT_MS = 300_000;
const packages = join(__dirname, '..', '..', 'packages');
const OURS = ['core', 'tracer', 'node', 'instrumentation-knex'];
const OTHERS = [
  'pg@8.23.1',
  'mysql2@3',
  'knex@3.3.0',
  '@opentelemetry/instrumentation-pg@0.77.0',
  '@opentelemetry/instrumentation-mysql2@0.70.0',
  '@opentelemetry/instrumentation-knex@0.68.0',
  '@opentelemetry/instrumentation-undici@0.34.0',
];
const KNEX_LINE =
  'clew info: @clew/node: @opentelemetry/instrumentation-knex is left out: @clew/instrumentation-knex traces the same library';

let collector: Collector;
let postgres: Postgres;
let mariadb: Mariadb;
let project: string;

beforeAll(async () => {
  [collector, postgres, mariadb] = await Promise.all([
    startCollector({ port: 0 }),
    findPostgres(),
    findMariadb(),
  ]);
  project = mkdtempSync(join(tmpdir(), 'clew-opentelemetry-'));
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  cpSync(join(__dirname, 'queries'), project, { recursive: true });
  await npm('pack', '--silent', ...OURS.map((name) => join(packages, name)));
  await npm('install', ...globSync('*.tgz', { cwd: project }).map((file) => `./${file}`), ...OTHERS);
}, TIMEOUT_MS);
afterAll(async () => {
  await Promise.all([collector.close(), postgres.stop(), mariadb.stop()]);
  rmSync(project, { recursive: true, force: true });
});

async function npm(...args: string[]): Promise<void> {
  await promisify(execFile)('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: project,
    env: cleanEnvironment(),
    shell: process.platform === 'win32',
  });
}

let runs = 0;

/** Runs a program with the preload: its spans as a tree, and what Clew logs. */
async function trace(program: string, variables: Record<string, string>) {
  const service = `queries ${runs++}`;
  const ended = await runProgram(['--import', '@clew/node/register', program], {
    cwd: project,
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: service,
      POSTGRES_URL: postgres.url,
      MARIADB_URL: mariadb.url,
      NODE_NO_WARNINGS: '1',
      ...variables,
    },
  });
  const lines = ended.stderr.split('\n').filter((line) => line !== '');
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 0, stdout: '' });
  return { tree: treeOf(spansOf(collector, service)), lines };
}

/** Installs a package of OpenTelemetry's naming with this code. */
function install(name: string, code: string): void {
  const folder = join(project, 'node_modules', '@opentelemetry', `instrumentation-${name}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: `@opentelemetry/instrumentation-${name}` }),
  );
  writeFileSync(join(folder, 'index.js'), code);
}

const VARIABLE = 'CLEW_OPENTELEMETRY_INSTRUMENTATIONS';
const PG = ['CLIENT pg.connect', 'CLIENT pg.query:SELECT test'];
// knex opens a connection of its own and reads the version of the server.
const KNEX = ['CLIENT SELECT', '  CLIENT pg.query:SELECT test', ...PG];
const MYSQL = ['CLIENT SELECT'];
const sorted = (lines: readonly string[]) => [...lines].sort();

describe.each(['queries.cjs', 'queries.mjs'])('%s', (program) => {
  test('by default only Clew’s plugins trace', async () => {
    expect(await trace(program, {})).toEqual({ tree: ['CLIENT SELECT'], lines: [] });
  });

  test('all that are dependencies trace when requested; a library that Clew traces is left to Clew', async () => {
    const { tree, lines } = await trace(program, { [VARIABLE]: 'true', OTEL_LOG_LEVEL: 'info' });
    expect(sorted(tree)).toEqual(sorted([...PG, ...MYSQL, ...KNEX, 'CLIENT GET']));
    expect(lines).toEqual([
      KNEX_LINE,
      'clew info: @clew/node: plugins: @opentelemetry/instrumentation-mysql2, @opentelemetry/instrumentation-pg, ' +
        '@opentelemetry/instrumentation-undici, @clew/instrumentation-knex',
    ]);
  });

  test.each(['pg', '@opentelemetry/instrumentation-pg'])('a list names them: %s', async (name) => {
    const { tree, lines } = await trace(program, { [VARIABLE]: name });
    expect(sorted(tree)).toEqual(sorted([...PG, ...KNEX]));
    expect(lines).toEqual([]);
  });
});

describe('which ones run', () => {
  test('OTEL_NODE_DISABLED_INSTRUMENTATIONS disables one, and gives a library to the other', async () => {
    const { tree, lines } = await trace('queries.cjs', {
      [VARIABLE]: 'true',
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pg,undici,@clew/instrumentation-knex',
      OTEL_LOG_LEVEL: 'info',
    });
    expect(tree).toHaveLength(2);
    expect(lines).toEqual([
      'clew info: @clew/node: plugins: @opentelemetry/instrumentation-knex, @opentelemetry/instrumentation-mysql2',
    ]);
  });

  test('OTEL_NODE_ENABLED_INSTRUMENTATIONS may name them', async () => {
    const { tree, lines } = await trace('queries.cjs', {
      [VARIABLE]: 'true',
      OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'mysql2',
    });
    expect({ tree, lines }).toEqual({ tree: MYSQL, lines: [] });
  });

  test('one that can’t be used costs one warning, and the others run', async () => {
    install('throws', 'throw new Error("broken");');
    install('empty', 'exports.helper = class {};');
    const { tree, lines } = await trace('queries.cjs', { [VARIABLE]: 'missing,throws,empty,mysql2' });
    expect(sorted(tree)).toEqual(sorted([...MYSQL, 'CLIENT SELECT']));
    const name = '@opentelemetry/instrumentation';
    expect(lines).toEqual([
      `clew warn: @clew/node: "missing" in ${VARIABLE} is left out: it is not installed: npm install ${name}-missing`,
      `clew warn: @clew/node: ${name}-throws is left out: it could not be loaded: broken`,
      `clew warn: @clew/node: ${name}-empty is left out: it could not be loaded: it exports no class of an instrumentation`,
    ]);
  });

  test('one that patches a module which a plugin of Clew traces is disabled, whatever its name', async () => {
    install(
      'query-builder',
      `exports.BuilderInstrumentation = class BuilderInstrumentation {
        instrumentationName = 'query-builder';
        _modules = [{ name: 'knex' }];
        enable() { process.stdout.write('enabled'); }
        disable() { process.stderr.write('disabled\\n'); }
        setTracerProvider() {}
      };`,
    );
    expect(await trace('queries.cjs', { [VARIABLE]: 'query-builder' })).toEqual({
      tree: ['CLIENT SELECT'],
      lines: ['disabled'],
    });
  });
});

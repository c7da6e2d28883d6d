import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { npm, packPackages } from '../packed-packages.ts';
import { runProgram } from '../run-program.ts';
import { findMariadb, type Mariadb } from '../services/mariadb.ts';
import { findPostgres, type Postgres } from '../services/postgres.ts';
import { spansOf, treeOf } from '../span-tree.ts';

// Uses the preload with OpenTelemetry's instrumentations for libraries that Clew has no plugin for.

const TIMEOUT_MS = 300_000;
const CLEW_PACKAGES = ['node', 'instrumentation-knex'];
const OTHER_PACKAGES = [
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
  await npm(project, 'install', ...(await packPackages(project, CLEW_PACKAGES)), ...OTHER_PACKAGES);
}, TIMEOUT_MS);
afterAll(async () => {
  await Promise.all([collector.close(), postgres.stop(), mariadb.stop()]);
  rmSync(project, { recursive: true, force: true });
});

let runs = 0;

/** Runs a program with the preload; returns its spans as a tree and the lines that Clew logs. */
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

/** Installs a package `@opentelemetry/instrumentation-*` with this code. */
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
// knex opens another connection and reads the version of the server.
const KNEX = ['CLIENT SELECT', '  CLIENT pg.query:SELECT test', ...PG];
const MYSQL = ['CLIENT SELECT'];
const sorted = (lines: readonly string[]) => [...lines].sort();

describe.each(['queries.cjs', 'queries.mjs'])('%s', (program) => {
  test('only Clew’s plugins trace by default', async () => {
    expect(await trace(program, {})).toEqual({ tree: ['CLIENT SELECT'], lines: [] });
  });

  test('with the value true, all installed instrumentations trace, except for libraries that a plugin of Clew traces', async () => {
    const { tree, lines } = await trace(program, { [VARIABLE]: 'true', OTEL_LOG_LEVEL: 'info' });
    expect(sorted(tree)).toEqual(sorted([...PG, ...MYSQL, ...KNEX, 'CLIENT GET']));
    expect(lines).toEqual([
      KNEX_LINE,
      'clew info: @clew/node: plugins: @opentelemetry/instrumentation-mysql2, @opentelemetry/instrumentation-pg, ' +
        '@opentelemetry/instrumentation-undici, @clew/instrumentation-knex',
    ]);
  });

  test.each(['pg', '@opentelemetry/instrumentation-pg'])(
    'with a list of names, those instrumentations trace: %s',
    async (name) => {
      const { tree, lines } = await trace(program, { [VARIABLE]: name });
      expect(sorted(tree)).toEqual(sorted([...PG, ...KNEX]));
      expect(lines).toEqual([]);
    },
  );
});

describe('an instrumentation of OpenTelemetry', () => {
  test('is disabled by OTEL_NODE_DISABLED_INSTRUMENTATIONS, or used if the plugin of Clew is disabled there', async () => {
    const { tree, lines } = await trace('queries.cjs', {
      [VARIABLE]: 'true',
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pg,undici,@clew/instrumentation-knex',
      OTEL_LOG_LEVEL: 'info',
    });
    expect(tree).toHaveLength(2);
    expect(lines).toEqual([
      'clew info: @clew/node: plugins: @opentelemetry/instrumentation-knex, @opentelemetry/instrumentation-mysql2; ' +
        'not used: @clew/instrumentation-knex',
    ]);
  });

  test('can be selected by OTEL_NODE_ENABLED_INSTRUMENTATIONS', async () => {
    const { tree, lines } = await trace('queries.cjs', {
      [VARIABLE]: 'true',
      OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'mysql2',
    });
    expect({ tree, lines }).toEqual({ tree: MYSQL, lines: [] });
  });

  test('that can’t be used causes one warning, and the others trace', async () => {
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

  test('is disabled if it patches a module that a plugin of Clew traces, whatever its name', async () => {
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

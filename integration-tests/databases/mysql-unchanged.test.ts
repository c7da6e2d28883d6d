import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { inParallel, runProgram } from '../run-program.ts';
import { findMariadb, type Mariadb } from '../services/mariadb.ts';
import { spansOf } from '../span-tree.ts';

const cwd = join(__dirname, 'programs');
const MODULES = ['mysql2-3.0', 'mysql2-3.19', 'mysql2-3'];

const { scenarios } = jest.requireActual<{ scenarios(given: object): { readonly fatal: object } }>(
  './programs/mysql-scenarios.cjs',
);
const FATAL = Object.keys(scenarios({}).fatal);

let mariadb: Mariadb;
let collector: Collector;
beforeAll(async () => {
  [mariadb, collector] = [await findMariadb(), await startCollector({ port: 0 })];
});
afterAll(async () => {
  await collector.close();
  await mariadb.stop();
});

/** Runs the scenarios without the plugin and with it, and expects the same output. */
async function expectUnchanged(module: string, ...scenario: string[]) {
  const service = [module, ...scenario].join(' ');
  const variables = {
    MYSQL_URL: mariadb.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_SERVICE_NAME: service,
  };
  const [bare, traced] = await inParallel(2, ['bare', 'traced'], (mode) =>
    runProgram(['mysql.cjs', mode, module, ...scenario], { cwd, variables }),
  );
  // Of an uncaught error, only the message is compared: Clew's frames are in its stack.
  const errorOf = (stderr = '') => /^\w*Error.*$/m.exec(stderr)?.[0] ?? stderr;
  expect({ ...traced, stderr: errorOf(traced?.stderr) }).toEqual({ ...bare, stderr: errorOf(bare?.stderr) });
  expect(bare?.stdout).toContain(`[ 'exit', ${bare?.code} ]`);
  return { code: bare?.code, spans: spansOf(collector, service).length };
}

test.each(MODULES)('an application observes the same with the plugin and without it: %s', async (module) => {
  const { code, spans } = await expectUnchanged(module, 'usual');
  expect(code).toBe(0);
  expect(spans).toBeGreaterThan(40);
});

describe.each(['mysql2-3.0', 'mysql2-3'])('%s', (module) => {
  test.each(FATAL)('a process ends as it does without the plugin: %s', async (name) => {
    await expectUnchanged(module, 'fatal', name);
  });
});

import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { findMariadb, type Mariadb } from '../services/mariadb.ts';
import { spansOf, treeOf } from '../span-tree.ts';

// Next to the plugin, where `mysql2` is the newest version.
const cwd = join(__dirname, '..', '..', 'packages', 'instrumentation-mysql2', 'test', 'programs');

let mariadb: Mariadb;
let collector: Collector;
beforeAll(async () => {
  [mariadb, collector] = [await findMariadb(), await startCollector({ port: 0 })];
});
afterAll(async () => {
  await collector.close();
  await mariadb.stop();
});

const CALLBACKS = ['CLIENT SELECT', 'CLIENT SELECT', 'CLIENT SELECT'];
const PROMISES = ['CLIENT DO', 'CLIENT SELECT', 'CLIENT connect'];

test.each([
  ['callbacks.cjs', CALLBACKS],
  ['callbacks.mjs', CALLBACKS],
  ['promises.cjs', PROMISES],
  ['promises.mjs', PROMISES],
])('%s is traced by the preload flag', async (file, expected) => {
  const variables = {
    MYSQL_URL: mariadb.url,
    OTEL_SERVICE_NAME: file,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  };
  const { code, stdout, stderr } = await runProgram(['--import', '@clew/node/register', file], {
    cwd,
    variables,
  });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(treeOf(spansOf(collector, file))).toEqual(expected);
});

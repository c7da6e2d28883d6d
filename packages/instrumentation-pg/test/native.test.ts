import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

let modules: string;
beforeAll(() => {
  modules = mkdtempSync(join(tmpdir(), 'clew-pg-native-'));
  mkdirSync(join(modules, 'pg-native'));
});
afterAll(() => rmSync(modules, { recursive: true, force: true }));

// pg-native needs a compiler and libpq. This class has the methods that pg's client calls when it is created.
const STAND_IN = 'module.exports = class {};';

test('the client of pg.native is patched when it is loaded', async () => {
  writeFileSync(join(modules, 'pg-native', 'index.js'), STAND_IN);
  const program = `
    const pg = require('pg');
    const { Client, Pool } = pg.native;
    const { query, connect, cancel } = Client.prototype;
    const wrapped = [query, connect, cancel, new Pool().connect].map((fn) =>
      [fn.name, fn.length, Object.getOwnPropertySymbols(fn).some((key) => key.description === 'clew.wrapped-by')]);
    console.log(JSON.stringify(wrapped));`;
  const run = async (...flags: string[]) => {
    const env = { ...process.env, NODE_PATH: modules };
    const args = [...flags, '--input-type=commonjs', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: join(__dirname, '..'), env });
    return JSON.parse(stdout) as [string, number, boolean][];
  };
  const bare = await run();
  expect(bare.map(([, , isWrapped]) => isWrapped)).toEqual([false, false, false, false]);
  expect(await run('--import', '@clew/node/register')).toEqual(
    bare.map(([name, length]) => [name, length, true]),
  );
});

test('an application without pg-native sees the same as without the plugin', async () => {
  const program = `
    const loaded = () => { try { return Object.keys(require('pg')); } catch ({ code, message }) { return { code, message }; } };
    const pg = loaded();
    console.log(JSON.stringify([pg, Array.isArray(pg) ? require('pg').native : 'forced']));`;
  const run = async (variables: object, ...flags: string[]) => {
    const args = [...flags, '--input-type=commonjs', '--eval', program];
    const env = { ...process.env, ...variables };
    return promisify(execFile)(process.execPath, args, { cwd: join(__dirname, '..'), env });
  };
  const traced = ['--import', '@clew/node/register'];
  const bare = await run({});
  expect(JSON.parse(bare.stdout)).toEqual([expect.arrayContaining(['Client']), null]);
  expect(await run({}, ...traced)).toEqual(bare);
  const forced = await run({ NODE_PG_FORCE_NATIVE: 'true' });
  expect(forced.stdout).toContain("Cannot find module 'pg-native'");
  expect(await run({ NODE_PG_FORCE_NATIVE: 'true' }, ...traced)).toEqual(forced);
});

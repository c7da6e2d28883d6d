import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../../integration-tests/run-program.ts';
import { withHandOver } from '../src/hand-over.ts';

const MODULES = [{ module: 'songs', version: '1.2.0', file: undefined }];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-hand-over-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Evaluates a changed module and prints what it has passed to Clew. */
async function handedOver(name: string, code: string, modules: Parameters<typeof withHandOver>[2] = MODULES) {
  const path = join(folder, name);
  writeFileSync(path, await withHandOver(code, path, modules));
  const print =
    'console.log(JSON.stringify(globalThis[Symbol.for("clew.bundle")].modules.map((m) => ({ ...m, exports: { ...m.exports } }))))';
  const program = `import(${JSON.stringify(path)}).then(() => ${print})`;
  const { stdout, stderr } = await runProgram(['-e', program]);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as unknown;
}

test('a CommonJS module passes module.exports to Clew', async () => {
  const code = "'use strict';\nmodule.exports = { a: 1 }; // the end";
  expect(await handedOver('a.cjs', code)).toEqual([{ module: 'songs', version: '1.2.0', exports: { a: 1 } }]);
});

test('an ES module passes its namespace to Clew, with what it re-exports', async () => {
  writeFileSync(join(folder, 'other.mjs'), 'export const b = 2;');
  const code = "export const a = 1;\nexport * from './other.mjs';\n//# sourceMappingURL=a.mjs.map";
  const [handed] = (await handedOver('a.mjs', code)) as [object];
  expect(handed).toEqual({ module: 'songs', version: '1.2.0', exports: { a: 1, b: 2 } });
});

test('an ES module with a default export passes that to Clew', async () => {
  const code = 'export const a = 1;\nexport { it as default };\nconst it = { b: 2 };';
  const [handed] = (await handedOver('default.mjs', code)) as [object];
  expect(handed).toMatchObject({ exports: { b: 2 } });
});

test('a file that is two targets is passed to Clew twice', async () => {
  const modules = [...MODULES, { module: 'songs', version: '1.2.0', file: 'index.js' }];
  const handed = await handedOver('twice.cjs', 'exports.a = 1;', modules);
  expect(handed).toEqual([
    { module: 'songs', version: '1.2.0', exports: { a: 1 } },
    { module: 'songs', version: '1.2.0', file: 'index.js', exports: { a: 1 } },
  ]);
});

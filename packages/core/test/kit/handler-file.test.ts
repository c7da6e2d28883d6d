import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { handlerPlace } from '../../src/kit/handler-file.ts';

const VARIABLES = { folder: 'LAMBDA_TASK_ROOT', name: '_HANDLER' };
let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'clew-handler-')));
  mkdirSync(join(folder, 'src'));
  mkdirSync(join(folder, 'node_modules', 'packaged'), { recursive: true });
  const files = ['index.js', 'index.mjs', 'src/orders.mjs', 'src/old.cjs', 'node_modules/packaged/index.js'];
  for (const file of files) writeFileSync(join(folder, file), '');
  symlinkSync(join(folder, 'src', 'old.cjs'), join(folder, 'linked.cjs'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const name of Object.values(VARIABLES)) delete process.env[name];
});

test.each([
  ['index.handler', 'index.js', ['handler']],
  ['src/orders.handlers.get', 'src/orders.mjs', ['handlers', 'get']],
  ['./src/old.default', 'src/old.cjs', ['default']],
  ['linked.handler', 'src/old.cjs', ['handler']],
  ['packaged.handler', 'node_modules/packaged/index.js', ['handler']],
])('the handler %s is in %s', (name, file, path) => {
  Object.assign(process.env, { LAMBDA_TASK_ROOT: folder, _HANDLER: name });
  expect(handlerPlace(VARIABLES)).toEqual({ file: join(folder, file), path });
});

test.each(['missing.handler', 'index', '', 'src/', '.handler', 'src.handler'])(
  'the handler %j is not found',
  (name) => {
    Object.assign(process.env, { LAMBDA_TASK_ROOT: folder, _HANDLER: name });
    expect(handlerPlace(VARIABLES)).toBeUndefined();
  },
);

test('without both variables, no handler is found', () => {
  expect(handlerPlace(VARIABLES)).toBeUndefined();
  process.env._HANDLER = 'index.handler';
  expect(handlerPlace(VARIABLES)).toBeUndefined();
});

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const script = join(root, 'scripts', 'address.mjs');
const ADDRESS = 'https://git.example.com/clew/clew';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-address-'));
  for (const each of ['.', 'packages/core', 'packages/node']) {
    mkdirSync(join(folder, each), { recursive: true });
    writeFileSync(join(folder, each, 'package.json'), '{\n  "license": "Apache-2.0"\n}\n');
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

function address(cwd: string, ...args: string[]): string {
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { cwd, encoding: 'utf8' });
  expect(status).toBe(stderr === '' ? 0 : 1);
  return stderr;
}

const read = (path: string) => JSON.parse(readFileSync(join(folder, path, 'package.json'), 'utf8'));

test('without an address, the check fails with the command that sets it', () => {
  expect(address(folder)).toBe(
    'clew: the repository has no public address yet: set it with `npm run address -- URL`, and commit the changes\n',
  );
});

test('an address is written into the root and all packages, and checked', () => {
  expect(address(folder, ADDRESS)).toBe('');
  expect(address(folder)).toBe('');
  expect(read('.')).toMatchObject({ license: 'Apache-2.0', homepage: ADDRESS });
  expect(read('packages/core')).toEqual({
    license: 'Apache-2.0',
    homepage: `${ADDRESS}/tree/main/packages/core#readme`,
    bugs: `${ADDRESS}/issues`,
    repository: { type: 'git', url: `git+${ADDRESS}.git`, directory: 'packages/core' },
  });
});

test('a package without the address is named', () => {
  address(folder, ADDRESS);
  writeFileSync(join(folder, 'packages/node/package.json'), '{}\n');
  expect(address(folder)).toMatch(/^clew: expected the address .* for packages\/node\n$/);
});

test.each(['clew', 'http://git.example.com/clew', 'https://git.example.com/clew/'])(
  'an invalid address is refused: %s',
  (text) => {
    expect(address(folder, text)).toBe(`clew: expected an address such as ${ADDRESS}, got "${text}"\n`);
    expect(read('.')).toEqual({ license: 'Apache-2.0' });
  },
);

// A new package may be created without it.
test('either all packages of this repository have the same address, or no package has one', () => {
  const problem = address(root);
  expect(problem).toMatch(/^(clew: the repository has no public address yet.*\n)?$/);
});

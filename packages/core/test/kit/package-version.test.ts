import { join } from 'node:path';
import { isInRange, versionOf } from '../../src/kit/package-version.ts';

test.each([
  ['1.10.0', '>=1.10 <2', true],
  ['1.9.9', '>=1.10 <2', false],
  ['1.32.2', '>=1.10 <2', true],
  ['2.0.0', '>=1.10 <2', false],
  ['2.0.0-beta.1', '>=2', true],
  ['3.1.4', '>=3.1.4', true],
  ['3.1.3', '>=3.1.4', false],
  ['0.0.1', '*', true],
])('%s in %s: %s', (version, range, expected) => {
  expect(isInRange(version, range)).toBe(expected);
});

test('a range of another form is refused', () => {
  expect(() => isInRange('1.0.0', '^1.0.0')).toThrow('expected a range such as ">=1.10 <2", got "^1.0.0"');
});

test('the version is that of package.json', () => {
  expect(versionOf(join(__dirname, '..', '..'))).toMatch(/^\d+\.\d+\.\d+$/);
});

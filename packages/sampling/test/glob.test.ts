import { compileGlob } from '../src/matching/glob.ts';

const LONG = 'abcdefghij'.repeat(7);

test.each([
  ['*a?c*', 'xxabc', true],
  ['*a?c*', 'xxac', false],
  ['*a?c*d', 'aacxd', true],
  ['*?b*?c', 'abc', false],
  ['*?b*?c', 'abxc', true],
  ['*??*', 'a', false],
  ['*??*', 'ab', true],
  ['*a?*', 'a?', true],
  ['*?a*', 'a?', false],
  [`*?${LONG}*`, `xx${LONG}`, true],
  [`*${LONG}?${LONG}*`, `${LONG}${LONG}x${LONG}`, true],
  [`*${LONG}?${LONG}*`, `${LONG}${LONG}`, false],
])('%s matches %s: %s', (glob, text, expected) => {
  expect(compileGlob(glob)(text)).toBe(expected);
});

test('a part with a question mark reads each code unit of the text once', () => {
  const read = jest.spyOn(String.prototype, 'charCodeAt');
  const text = 'a'.repeat(16_000);
  const matches = compileGlob(`*${'a'.repeat(500)}?b*`);
  read.mockClear();
  const isMatch = matches(text);
  const { length } = read.mock.calls;
  read.mockRestore();
  expect(isMatch).toBe(false);
  expect(length).toBeLessThanOrEqual(16_000);
});

import { cutText } from '../../src/kit/cut-text.ts';
import { parameterAttributes, shortened } from '../../src/templates/db-attributes.ts';

test.each([
  ['abc', 3, 'abc'],
  ['abc', 2, 'ab'],
  ['abc', 0, ''],
  ['a😀b', 1, 'a'],
  ['a😀b', 2, 'a'],
  ['a😀b', 3, 'a😀'],
  ['\ud83da', 1, '\ud83d'],
])('cutText(%j, %i) is %j: a pair of surrogates is never split', (text, maxChars, expected) => {
  expect(cutText(text, maxChars)).toBe(expected);
});

test('statements and bound values are cut at a code point', () => {
  expect(shortened("SELECT '😀'", 9)).toBe("SELECT '…");
  const value = `${'x'.repeat(1021)}😀`;
  expect(parameterAttributes([value], ['0'])).toEqual({ 'db.query.parameter.0': 'x'.repeat(1021) });
});

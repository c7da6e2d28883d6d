import { resolveOptions, show } from '@clew/core/internal';
import { matchesAny, type OptionKind, option } from '@clew/core/plugin';

const isPair = (value: unknown): value is [number, number] => Array.isArray(value) && value.length === 2;

const kinds: Record<string, OptionKind<unknown>> = {
  flag: option.boolean(true),
  oneOf: option.oneOf(['none', 'all'], 'none'),
  listOf: option.listOf(['a', 'b']),
  numberIn: option.number(0, 10, 3),
  patterns: option.patterns(),
  strings: option.strings(['x']),
  hook: option.hook(),
  shaped: option.custom('a pair', isPair),
};

test('an option that is missing or undefined has its default', () => {
  const defaults = {
    flag: true,
    oneOf: 'none',
    listOf: [],
    numberIn: 3,
    patterns: [],
    strings: ['x'],
    hook: undefined,
    shaped: undefined,
  };
  expect(resolveOptions('@clew/x', kinds, {})).toEqual(defaults);
  expect(resolveOptions('@clew/x', kinds, { flag: undefined, enabled: false })).toEqual(defaults);
});

test.each<[name: string, value: unknown]>([
  ['flag', false],
  ['oneOf', 'all'],
  ['listOf', ['b', 'a']],
  ['numberIn', 0],
  ['numberIn', 10],
  ['patterns', ['/a', /b/, () => true]],
  ['strings', []],
  ['hook', () => {}],
  ['shaped', [1, 2]],
])('%s accepts %p', (name, value) => {
  expect(resolveOptions('@clew/x', kinds, { [name]: value })[name]).toBe(value);
});

test.each<[name: string, value: unknown, message: string]>([
  ['flag', 'true', '@clew/x: expected flag to be true or false, got "true"'],
  ['flag', 1, '@clew/x: expected flag to be true or false, got 1'],
  ['oneOf', 'some', '@clew/x: expected oneOf to be "none" | "all", got "some"'],
  ['listOf', ['a', 'c'], '@clew/x: expected listOf to be a list of "a" | "b", got ["a","c"]'],
  ['listOf', 'a', '@clew/x: expected listOf to be a list of "a" | "b", got "a"'],
  ['numberIn', 11, '@clew/x: expected numberIn to be a number in [0, 10], got 11'],
  ['numberIn', -1, '@clew/x: expected numberIn to be a number in [0, 10], got -1'],
  ['numberIn', Number.NaN, '@clew/x: expected numberIn to be a number in [0, 10], got NaN'],
  ['numberIn', '3', '@clew/x: expected numberIn to be a number in [0, 10], got "3"'],
  ['patterns', [1], '@clew/x: expected patterns to be a list of strings, RegExps and functions, got [1]'],
  ['strings', 'x', '@clew/x: expected strings to be a list of strings, got "x"'],
  ['hook', {}, '@clew/x: expected hook to be a function, got {}'],
  ['shaped', [1], '@clew/x: expected shaped to be a pair, got [1]'],
])('%s refuses %p', (name, value, message) => {
  expect(() => resolveOptions('@clew/x', kinds, { [name]: value })).toThrow(new TypeError(message));
});

test('an unknown option is refused with its name', () => {
  expect(() => resolveOptions('@clew/x', { loud: option.boolean(false) }, { lound: true })).toThrow(
    new TypeError('@clew/x: there is no option "lound"; the options are loud'),
  );
  expect(() => resolveOptions('@clew/x', {}, { loud: true })).toThrow('the options are none');
  expect(() => resolveOptions('@clew/x', { loud: option.boolean(false) }, { toString: 1 })).toThrow(
    'no option "toString"',
  );
});

test('options that are not an object are refused', () => {
  expect(() => resolveOptions('@clew/x', {}, null as unknown as object)).toThrow(
    new TypeError('@clew/x: expected options to be an object, got null'),
  );
});

test('properties of a prototype are ignored', () => {
  expect(resolveOptions('@clew/x', { loud: option.boolean(false) }, Object.create({ loud: true }))).toEqual({
    loud: false,
  });
});

test.each<[name: string, text: string, value: unknown]>([
  ['flag', 'TRUE', true],
  ['flag', '0', false],
  ['flag', 'maybe', 'maybe'],
  ['flag', 'constructor', 'constructor'],
  ['oneOf', 'all', 'all'],
  ['listOf', ' a , b,', ['a', 'b']],
  ['numberIn', '7', 7],
  ['numberIn', ' ', ' '],
  ['patterns', '/a,/b', ['/a', '/b']],
  ['strings', '', []],
  ['shaped', '[1, 2]', [1, 2]],
  ['shaped', '[1', '[1'],
  ['shaped', 'text', 'text'],
])('%s reads %j from the environment as %p', (name, text, value) => {
  expect(kinds[name]?.read?.(text)).toEqual(value);
});

test('a function can’t be read from the environment', () => {
  expect(kinds.hook).not.toHaveProperty('read');
});

describe('matchesAny', () => {
  test.each<[text: string, matches: boolean]>([
    ['/health', true],
    ['/health/x', false],
    ['/static/a.css', true],
    ['/odd', true],
    ['/other', false],
  ])('%s: %p', (text, matches) => {
    expect(matchesAny(['/health', /^\/static\//, (path) => path === '/odd'], text)).toBe(matches);
  });

  test('a stateful expression is matched from the start each time', () => {
    const pattern = /a/g;
    expect([1, 2, 3].map(() => matchesAny([pattern], 'a'))).toEqual([true, true, true]);
    expect(pattern.lastIndex).toBe(0);
  });
});

describe('show', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  test.each<[value: unknown, text: string]>([
    ['a "b"', '"a \\"b\\""'],
    [() => {}, 'a function'],
    [undefined, 'undefined'],
    [null, 'null'],
    [10n, '10'],
    [Symbol('s'), 'Symbol(s)'],
    [cyclic, 'an object'],
    [{ toJSON: () => undefined }, 'an object'],
    ['x'.repeat(100), `"${'x'.repeat(78)}…`],
  ])('%p', (value, text) => {
    expect(show(value)).toBe(text);
  });
});

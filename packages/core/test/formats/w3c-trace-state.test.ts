import fc from 'fast-check';
import { emptyTraceState, parseTraceState } from '../../src/propagation/formats/w3c-trace-state.ts';

const members = (count: number) => Array.from({ length: count }, (_, index) => `k${index}=v`);

describe('parseTraceState', () => {
  test.each<[text: string, serialized: string, why: string]>([
    ['a=1', 'a=1', 'one member'],
    ['a=1,b=2', 'a=1,b=2', 'in their order'],
    [' a=1 ,\tb=2\t, c=3', 'a=1,b=2,c=3', 'white space around members'],
    ['a=1,,b=2,', 'a=1,b=2', 'empty members'],
    [',', '', 'only empty members'],
    ['a= 1', 'a= 1', 'white space in front of a value belongs to it'],
    ['a=1 2', 'a=1 2', 'white space in a value'],
    ['a=!"#$%&\'()*+-./:;<>?@[\\]^_`{|}~', 'a=!"#$%&\'()*+-./:;<>?@[\\]^_`{|}~', 'all that a value may have'],
    ['0=1', '0=1', 'a key that starts with a digit'],
    ['a_-*/@0=1', 'a_-*/@0=1', 'all that a key may have'],
    ['tenant@vendor=1', 'tenant@vendor=1', 'a tenant'],
    ['a@b@c=1', 'a@b@c=1', 'level 2 has no tenants'],
    [`${'k'.repeat(256)}=1`, `${'k'.repeat(256)}=1`, 'the longest key'],
    [`a=${'v'.repeat(256)}`, `a=${'v'.repeat(256)}`, 'the longest value'],
    [members(32).join(), members(32).join(), '32 members'],
    ['a=1,b=2,a=3', 'a=1,b=2', 'the first of two members with one key'],
  ])('%j is %j (%s)', (text, serialized) => {
    expect(parseTraceState(text)?.serialize()).toBe(serialized);
  });

  test.each<[text: string, why: string]>([
    ['a', 'no value'],
    ['=1', 'no key'],
    ['a=', 'an empty value'],
    ['a=1=2', 'an equals sign in a value'],
    ['A=1', 'a key in upper case'],
    ['_a=1', 'a key that starts with an underscore'],
    ['@a=1', 'a tenant without a name'],
    ['a b=1', 'white space in a key'],
    ['a =1', 'white space behind a key'],
    ['a.b=1', 'a dot in a key'],
    [`${'k'.repeat(257)}=1`, 'a key too long'],
    [`a=${'v'.repeat(257)}`, 'a value too long'],
    ['a=é', 'a value beyond ASCII'],
    ['a=1\u0000', 'a control character'],
    ['a=1\r\nb=2', 'a line break'],
    ['a=1\u00a0', 'a space that is not HTTP white space'],
    ['a=1,b=\t2', 'a tab in a value'],
    [members(33).join(), '33 members'],
    [`${members(32).join()},k0=v`, '33 members of 32 keys'],
    [Array(33).fill('a=1').join(), '33 members of one key'],
    ['a=1;b=2,c', 'one bad member among good ones'],
    [`a=1,${' '.repeat(20_000)}b=2`, 'more than is looked into'],
  ])('%j is refused (%s)', (text) => {
    expect(parseTraceState(text)).toBeUndefined();
  });

  test('reads any text without throwing, and writes nothing that it would not read', () => {
    const near = fc.string({ unit: fc.constantFrom(...'ab0_@=,= \t'), maxLength: 60 });
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: 'binary' })), (text) => {
        const state = parseTraceState(text);
        if (state !== undefined) {
          const serialized = state.serialize();
          expect(parseTraceState(serialized)?.serialize()).toBe(serialized);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a trace state', () => {
  const state = () => parseTraceState('a=1,b=2,c=3') ?? emptyTraceState;

  test('returns members by key', () => {
    expect(state().get('b')).toBe('2');
    expect(state().get('toString')).toBeUndefined();
    expect(state().get('B')).toBeUndefined();
  });

  test('puts a member that is set first, and is itself unchanged', () => {
    const before = state();
    expect(before.set('c', '4').serialize()).toBe('c=4,a=1,b=2');
    expect(before.set('d', '4').serialize()).toBe('d=4,a=1,b=2,c=3');
    expect(before.serialize()).toBe('a=1,b=2,c=3');
  });

  test('drops the oldest member for a 33rd, but not for an update', () => {
    const full = parseTraceState(members(32).join()) ?? emptyTraceState;
    expect(full.set('new', '1').serialize()).toBe(['new=1', ...members(31)].join());
    expect(full.set('k31', '1').serialize().split(',')).toHaveLength(32);
    expect(full.set('k31', '1').get('k0')).toBe('v');
  });

  test('is unchanged if key or value is invalid', () => {
    for (const [key, value] of [
      ['A', '1'],
      ['', '1'],
      ['a', ''],
      ['a', 'x,y'],
      ['a', 'x=y'],
      ['a', 'x '],
      ['a', 'x\r\ny'],
      ['a', 'é'],
    ] as const) {
      expect(state().set(key, value).serialize()).toBe('a=1,b=2,c=3');
    }
  });

  test('loses a member that is unset', () => {
    expect(state().unset('b').serialize()).toBe('a=1,c=3');
    expect(state().unset('x').serialize()).toBe('a=1,b=2,c=3');
    expect(emptyTraceState.serialize()).toBe('');
  });
});

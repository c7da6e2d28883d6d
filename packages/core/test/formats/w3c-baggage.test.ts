import { droppedFromWire, rootContext, w3cBaggage } from '@clew/core';
import { baggageEntryMetadataFromString, propagation, type TextMapGetter } from '@opentelemetry/api';
import fc from 'fast-check';

const getter: TextMapGetter<Record<string, unknown>> = {
  get: (headers, name) => headers[name] as string | undefined,
  keys: (headers) => Object.keys(headers),
};

/** The content of a header: `[key, value, properties]` of each entry. */
function read(baggage: unknown): string[][] {
  const extracted = w3cBaggage.extract(rootContext, { baggage }, getter);
  const entries = propagation.getBaggage(extracted)?.getAllEntries();
  if (entries === undefined) expect(extracted).toBe(rootContext);
  return (entries ?? []).map(([key, { value, metadata }]) => [
    key,
    value,
    ...(metadata === undefined ? [] : [metadata.toString()]),
  ]);
}

/** The header that is written for entries. */
function write(entries: Record<string, string | [value: string, properties: string]>): string | undefined {
  const baggage = propagation.createBaggage(
    Object.fromEntries(
      Object.entries(entries).map(([key, given]) =>
        typeof given === 'string'
          ? [key, { value: given }]
          : [key, { value: given[0], metadata: baggageEntryMetadataFromString(given[1]) }],
      ),
    ),
  );
  const headers: Record<string, string> = {};
  w3cBaggage.inject(propagation.setBaggage(rootContext, baggage), headers, {
    set(carrier, name, value) {
      carrier[name] = value;
    },
  });
  return headers.baggage;
}

const dropped = (reason: string) => droppedFromWire()[`baggage: ${reason}`] ?? 0;

describe('reading', () => {
  test.each<[text: unknown, entries: string[][], why: string]>([
    ['a=1', [['a', '1']], 'one member'],
    [
      'a=1,b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
      'several',
    ],
    [
      ['a=1', 'b=2'],
      [
        ['a', '1'],
        ['b', '2'],
      ],
      'several headers',
    ],
    [
      ' a = 1 , b\t=\t2 ',
      [
        ['a', '1'],
        ['b', '2'],
      ],
      'white space',
    ],
    [
      'a=1,,b=2,',
      [
        ['a', '1'],
        ['b', '2'],
      ],
      'empty members',
    ],
    ['a=', [['a', '']], 'an empty value'],
    ['a=b=c', [['a', 'b=c']], 'an equals sign in a value'],
    ['a=%20%C3%A9%2C', [['a', ' é,']], 'percent-encoded'],
    ['a=%FF', [['a', '\ufffd']], 'bytes that are not UTF-8'],
    ['a=100%', [['a', '100%']], 'a lone percent sign'],
    ['a=%zz%41', [['a', '%zzA']], 'a percent sign that encodes nothing'],
    ['a=1;p;q=2', [['a', '1', 'p;q=2']], 'properties'],
    ['a=1 ; p = 2 ', [['a', '1', 'p = 2']], 'properties with white space'],
    ["!#$%&'*+-.^_`|~aZ9=1", [["!#$%&'*+-.^_`|~aZ9", '1']], 'all characters of a key'],
    [
      '__proto__=1,constructor=2',
      [
        ['__proto__', '1'],
        ['constructor', '2'],
      ],
      'names of prototypes',
    ],
    ['a=1,a=2', [['a', '2']], 'the last of a repeated key'],
    ['', [], 'empty'],
    [undefined, [], 'absent'],
    [42, [], 'not a string'],
    [[1], [], 'not strings'],
  ])('%j (%#)', (text, entries) => {
    expect(read(text)).toEqual(entries);
    expect({}).not.toHaveProperty('a');
  });

  test.each<[member: string, why: string]>([
    ['a', 'no value'],
    ['=1', 'no key'],
    ['a b=1', 'white space in a key'],
    ['a(b)=1', 'a bracket in a key'],
    ['ä=1', 'a key beyond ASCII'],
    ['\u00a0a=1', 'a space that is not HTTP white space'],
    ['a="1"', 'quotes in a value'],
    ['a=b c', 'white space in a value'],
    ['a=b\\c', 'a backslash in a value'],
    ['a=ü', 'a value beyond ASCII'],
    ['a=1\r\nb: 2', 'a line break'],
    [';p=1', 'properties of nothing'],
  ])('%j is dropped and counted, the others stay (%s)', (member) => {
    const before = dropped('malformed member');
    expect(read(`first=1,${member},last=2`)).toEqual([
      ['first', '1'],
      ['last', '2'],
    ]);
    expect(dropped('malformed member')).toBe(before + 1);
  });

  test('reads 64 members and counts that there were more', () => {
    const before = dropped('members beyond 64');
    const text = Array.from({ length: 70 }, (_, index) => `k${index}=v`).join();
    expect(read(text)).toHaveLength(64);
    expect(dropped('members beyond 64')).toBe(before + 1);
  });

  test('reads 8192 bytes of whole members and counts that there were more', () => {
    const before = dropped('members beyond 8192 bytes');
    const member = (name: string) => `${name}=${'v'.repeat(4000)}`;
    expect(read(`${member('a')},${member('b')},${member('c')}`).map(([key]) => key)).toEqual(['a', 'b']);
    expect(dropped('members beyond 8192 bytes')).toBe(before + 1);
    expect(read(`a=${'v'.repeat(9000)}`)).toEqual([]);
  });

  test('replaces existing baggage', () => {
    const here = propagation.setBaggage(rootContext, propagation.createBaggage({ old: { value: '1' } }));
    const extracted = w3cBaggage.extract(here, { baggage: 'new=2' }, getter);
    expect(propagation.getBaggage(extracted)?.getAllEntries()).toEqual([['new', { value: '2' }]]);
    expect(w3cBaggage.extract(here, {}, getter)).toBe(here);
  });
});

describe('writing', () => {
  test.each<[entries: Parameters<typeof write>[0], text: string | undefined, why: string]>([
    [{ a: '1', b: '2' }, 'a=1,b=2', 'in their order'],
    [{ a: ' é,;="\\%' }, 'a=%20%C3%A9%2C%3B%3D%22%5C%25', 'encoded'],
    [{ a: '\ud800' }, 'a=%EF%BF%BD', 'half a character'],
    [{ a: '' }, 'a=', 'an empty value'],
    [{ a: ['1', 'p;q=2'] }, 'a=1;p;q=2', 'properties'],
    [{ a: '1\r\nset-cookie: x' }, 'a=1%0D%0Aset-cookie%3A%20x', 'a line break in a value'],
    [{ a: ['1', 'p\r\nset-cookie: x'] }, 'a=1', 'a line break in properties: they stay behind'],
    [{ a: ['1', 'p,b=2'] }, 'a=1', 'a member in properties: they stay behind'],
    [{ 'a\r\nb': '1', 'c d': '2', 'e=f': '3', ok: '4' }, 'ok=4', 'keys that are none stay behind'],
    [{}, undefined, 'nothing'],
  ])('%j is %j (%s)', (entries, text) => {
    expect(write(entries)).toBe(text);
  });

  test('is limited to 64 members and 8192 bytes, and counts dropped members', () => {
    const causes = ['members beyond 64', 'members beyond 8192 bytes', 'member with an invalid key'];
    const counts = () => causes.map((cause) => dropped(`outgoing ${cause}`));
    const before = counts();
    const many = Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`k${index}`, 'v']));
    expect(write(many)?.split(',')).toHaveLength(64);
    const text = write({ a: 'v'.repeat(8000), b: 'v'.repeat(8000), c: 'small', 'd e': 'invalid key' });
    expect(text?.split(',').map((member) => member[0])).toEqual(['a', 'c']);
    expect(counts()).toEqual(before.map((count) => count + 1));
  });

  test('without baggage writes no header', () => {
    const headers = {};
    w3cBaggage.inject(rootContext, headers, { set: () => expect('a header').toBe('none') });
    expect(headers).toEqual({});
  });
});

test('any written baggage is read back unchanged, and can’t end its header', () => {
  const key = fc.stringMatching(/^[\w!#$%&'*+\-.^`|~]{1,10}$/);
  const value = fc.string({ unit: 'grapheme', maxLength: 20 });
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 20 }), (entries) => {
      const text = write(entries);
      expect(text ?? '').toMatch(/^[\x21-\x7e]*$/);
      expect(read(text)).toEqual(
        Object.entries(entries).map(([name, given]) => [name, given.toWellFormed()]),
      );
    }),
  );
});

test('any value is read without throwing', () => {
  const near = fc.string({ unit: fc.constantFrom(...'ab=,;% %41\t"\\'), maxLength: 80 });
  fc.assert(
    fc.property(fc.oneof(near, fc.string({ unit: 'binary' }), fc.anything()), (baggage) => {
      for (const [key] of read(baggage)) expect(key).toMatch(/^[\w!#$%&'*+\-.^`|~]+$/);
    }),
    { numRuns: 1000 },
  );
});

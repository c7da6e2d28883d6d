import { inspect } from 'node:util';
import { privateField } from '../../src/kit/private-field.ts';

describe('a private field', () => {
  const field = privateField<string>();

  test('keeps a value for each object', () => {
    const [one, other] = [{}, {}];
    field.set(one, 'first');
    field.set(one, 'second');
    expect([field.get(one), field.get(other)]).toEqual(['second', undefined]);
  });

  test('can be added to an object, also to one that has a value', () => {
    const object = {};
    field.add(object, 'first');
    const first = field.get(object);
    field.add(object, 'second');
    expect([first, field.get(object)]).toEqual(['first', 'second']);
  });

  test('is independent of every other field of the object', () => {
    const other = privateField<string>();
    const object = {};
    field.set(object, 'one');
    other.set(object, 'other');
    expect([field.get(object), other.get(object)]).toEqual(['one', 'other']);
  });

  test('does not appear in keys, copies or logs', () => {
    const object = { song: 'one' };
    field.set(object, 'value');
    expect([Reflect.ownKeys(object), inspect(object, { showHidden: true })]).toEqual([
      ['song'],
      "{ song: 'one' }",
    ]);
    expect(field.get({ ...object })).toBeUndefined();
  });

  test.each<[kind: string, object: object]>([
    ['frozen', Object.freeze({})],
    ['sealed', Object.seal({ song: 'one' })],
    ['without a prototype', Object.create(null)],
    ['a function', () => {}],
    ['a proxy', new Proxy({}, {})],
    ['an array', []],
  ])('works for an object that is %s', (_kind, object) => {
    field.set(object, 'value');
    expect(field.get(object)).toBe('value');
    field.add(object, 'other');
    expect(field.get(object)).toBe('other');
  });

  test.each([undefined, null, 1, 'text', Symbol.iterator])('ignores the primitive %p', (value) => {
    field.set(value, 'value');
    field.add(value, 'value');
    expect(field.get(value)).toBeUndefined();
  });
});

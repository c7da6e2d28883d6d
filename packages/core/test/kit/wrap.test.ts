import { EventEmitter } from 'node:events';
import { dress } from '@clew/core/plugin';
import { replace } from '../../src/kit/wrap.ts';

type Call = (...args: unknown[]) => unknown;

/** Wraps a function so that its calls are recorded. */
function listing(object: object, name: PropertyKey, calls: unknown[], owner = 'a plugin') {
  return replace(
    object,
    name,
    owner,
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        calls.push([owner, ...args]);
        return Reflect.apply(original, this, args);
      } as Call,
  );
}

test('a replacement has this, arguments and result of the original', () => {
  const calls: unknown[] = [];
  const object = {
    factor: 3,
    times(value: number) {
      return this.factor * value;
    },
  };
  listing(object, 'times', calls);
  expect(object.times(2)).toBe(6);
  expect(calls).toEqual([['a plugin', 2]]);
});

test('a replacement has name, length, own properties and prototype of the original', () => {
  function Song(this: { title: string }, title: string, _artist: string) {
    this.title = title;
  }
  Song.prototype.play = function (this: { title: string }) {
    return `la ${this.title}`;
  };
  const exports = { Song: Object.assign(Song, { formats: ['mp3'], [Symbol.for('kind')]: 'class' }) };
  replace(
    exports,
    'Song',
    'a plugin',
    (original) =>
      function (this: object, ...args: unknown[]) {
        Reflect.apply(original, this, args);
      } as Call,
  );
  expect(exports.Song).not.toBe(Song);
  expect(exports.Song.name).toBe('Song');
  expect(exports.Song.length).toBe(2);
  expect(exports.Song.formats).toEqual(['mp3']);
  expect(Reflect.get(exports.Song, Symbol.for('kind'))).toBe('class');
  const song = Reflect.construct(exports.Song, ['blue', 'x']) as { title: string; play(): string };
  expect(song).toBeInstanceOf(Song);
  expect(song.play()).toBe('la blue');
});

test('a function with another prototype keeps it', () => {
  const base = Object.assign(() => {}, { use: () => 'used' });
  const router = Object.setPrototypeOf(() => 'routed', base) as { (): string; use(): string };
  const exports = { router };
  listing(exports, 'router', []);
  expect(exports.router.use()).toBe('used');
  expect(exports.router()).toBe('routed');
});

test('an arrow function that replaces a class gets its prototype, without an enumerable property', () => {
  class Song {}
  const dressed = dress(() => {}, Song as unknown as () => void);
  expect(Reflect.get(dressed, 'prototype')).toBe(Song.prototype);
  expect(Object.keys(dressed)).toEqual([]);
});

describe('undoing', () => {
  test('restores the original', () => {
    const play = () => 'la';
    const object = { play };
    const undo = listing(object, 'play', []);
    expect(object.play).not.toBe(play);
    undo?.();
    expect(object.play).toBe(play);
  });

  test('of an inherited method removes the own property', () => {
    class Server extends EventEmitter {}
    const undo = listing(Server.prototype, 'emit', []);
    expect(Object.hasOwn(Server.prototype, 'emit')).toBe(true);
    undo?.();
    expect(Object.hasOwn(Server.prototype, 'emit')).toBe(false);
    expect(Server.prototype.emit).toBe(EventEmitter.prototype.emit);
  });

  test('restores accessors and attributes', () => {
    const play = () => 'la';
    const object = {};
    const asGetter = { get: () => play, set: () => {}, enumerable: false, configurable: true };
    const asConstant = { value: play, writable: false, enumerable: false, configurable: true };
    Object.defineProperties(object, { asGetter, asConstant });
    const undo = [listing(object, 'asGetter', []), listing(object, 'asConstant', [])];
    expect(Object.keys(object)).toEqual([]);
    expect(Reflect.get(object, 'asGetter')).not.toBe(play);
    for (const each of undo) each?.();
    expect(Object.getOwnPropertyDescriptors(object)).toEqual({ asGetter, asConstant });
  });

  test('keeps a wrapper that was added later, and the replacement below it', () => {
    const calls: unknown[] = [];
    const object = { play: (note: string) => note };
    const undo = listing(object, 'play', calls);
    const ours = object.play;
    object.play = (note) => `${ours(note)}!`;
    undo?.();
    expect(object.play('c')).toBe('c!');
    expect(calls).toHaveLength(1);
  });

  test('in reverse order removes two wrappers', () => {
    const play = () => 'la';
    const object = { play };
    const first = listing(object, 'play', [], 'first');
    const second = listing(object, 'play', [], 'second');
    second?.();
    first?.();
    expect(object.play).toBe(play);
  });
});

test('one owner wraps a function once, and another owner wraps it again', () => {
  const calls: unknown[] = [];
  const object = { play: () => 'la' };
  expect(listing(object, 'play', calls)).toBeDefined();
  expect(listing(object, 'play', calls)).toBeUndefined();
  expect(listing(object, 'play', calls, 'another')).toBeDefined();
  object.play();
  expect(calls).toEqual([['another'], ['a plugin']]);
});

test('a method inherited from a wrapped one is not wrapped again', () => {
  class Base {
    run() {}
  }
  class Derived extends Base {}
  listing(Base.prototype, 'run', []);
  expect(listing(Derived.prototype, 'run', [])).toBeUndefined();
});

test('a replaced inherited method stays non-enumerable', () => {
  class Base {
    run() {}
  }
  class Derived extends Base {}
  listing(Derived.prototype, 'run', []);
  expect(Object.keys(Derived.prototype)).toEqual([]);
});

test('a value that is not a function is not replaced', () => {
  const object = { title: 'blue' };
  expect(listing(object, 'title', [])).toBeUndefined();
  expect(listing(object, 'missing', [])).toBeUndefined();
  expect(object).toEqual({ title: 'blue' });
});

import { findLibrary } from '../../src/points/client-library.ts';

test('a library that is not installed is reported with what to install', () => {
  expect(() => findLibrary(['no-such-client'], 'redis://db:6379')).toThrow(
    new TypeError(
      '@clew/osprofiler: writing points to redis://db:6379 needs the package no-such-client: run npm install no-such-client',
    ),
  );
});

test('one of several libraries is enough', () => {
  const library = findLibrary(['no-such-client', 'redis'], 'redis://db:6379');
  expect(library.name).toBe('redis');
  expect(library.load()).toHaveProperty('createClient');
});

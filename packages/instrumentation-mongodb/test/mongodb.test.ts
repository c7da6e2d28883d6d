import { join } from 'node:path';
import { manifestSuite } from '@clew/testing';
import { batchSizeOf, describeCommand, tracedName } from '../src/command.ts';
import { MongoDBInstrumentation } from '../src/index.ts';

// integration-tests/databases has the tests that need a server.
manifestSuite(join(__dirname, '..'), { MongoDBInstrumentation });

test.each([
  [{ maxQueryLength: -2 }, 'expected maxQueryLength to be a number in [-1, '],
  [{ recordQueryText: 'yes' }, 'expected recordQueryText to be true or false, got "yes"'],
])('%j is refused', (options, message) => {
  expect(() => new MongoDBInstrumentation(options as object)).toThrow(message);
});

test('exports without the expected classes are left alone', () => {
  const instrumentation = new MongoDBInstrumentation();
  const exports = Object.freeze({ something: 'else' });
  expect(() => instrumentation.instrument(exports)).not.toThrow();
  instrumentation.disable();
});

const established = { address: '127.0.0.1:27017', established: true };

test.each([
  ['hello', {}],
  ['saslStart', {}],
  ['getMore', { tailable: true, awaitData: true }],
])('%s has no span', (name, options) => {
  expect(tracedName(established, { [name]: 1 }, options)).toBeUndefined();
});

test('a command before the end of the handshake, and one without a name, have no span', () => {
  expect(tracedName({ ...established, established: false }, { ping: 1 }, {})).toBeUndefined();
  expect(tracedName(established, {}, undefined)).toBeUndefined();
  expect(tracedName(established, { ping: 1 }, undefined)).toBe('ping');
});

test('the name of a user is not a collection', () => {
  expect(describeCommand('createUser', { createUser: 'bo' }, 'shop', undefined)).toEqual({
    operation: 'createUser',
    collection: undefined,
  });
});

test('commands of the same name, collection and database are described by one object', () => {
  const find = { find: 'songs', filter: { a: 1 } };
  const described = describeCommand('find', find, 'shop', undefined);
  expect(describeCommand('find', { find: 'songs' }, 'shop', undefined)).toBe(described);
  expect(describeCommand('find', find, 'archive', undefined)).not.toBe(described);
});

test('a sequence of documents that the driver has serialized counts as well', () => {
  expect(batchSizeOf('insert', { insert: 'songs', documents: { documents: [1, 2, 3] } })).toBe(3);
  expect(batchSizeOf('find', { find: 'songs', documents: [1, 2] })).toBe(1);
  expect(batchSizeOf('insert', { insert: 'songs' })).toBe(1);
});

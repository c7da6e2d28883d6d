import { join } from 'node:path';
import { manifestSuite } from '@clew/testing';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { encoderFor } from '../src/headers.ts';
import { messageContext, PlatformaticKafkaInstrumentation } from '../src/index.ts';

// integration-tests/platformatic-kafka has the tests that need a broker.
manifestSuite(join(__dirname, '..'), { PlatformaticKafkaInstrumentation });

test('an unknown value of an option is refused', () => {
  const options = { messageKey: 'yes' } as object;
  expect(() => new PlatformaticKafkaInstrumentation(options)).toThrow(
    'expected messageKey to be true or false',
  );
});

test('an untraced message has the root context', () => {
  expect(messageContext({})).toBe(ROOT_CONTEXT);
});

test.each<[string, ((data: unknown) => unknown) | undefined, unknown]>([
  ['no serializer', undefined, Buffer.from('a')],
  ['one of texts', (data) => (typeof data === 'string' ? Buffer.from(data) : undefined), 'a'],
  ['one of bytes', (data) => (Buffer.isBuffer(data) ? data : undefined), Buffer.from('a')],
])('for %s, a header is what it writes as it is', (_, serializer, expected) => {
  expect(encoderFor(serializer)?.('a')).toEqual(expected);
});

test.each<[string, (data: unknown) => unknown]>([
  ['of JSON', (data) => Buffer.from(JSON.stringify(data))],
  [
    'that throws',
    () => {
      throw new Error('not serializable');
    },
  ],
])('a serializer %s can not write headers of the trace', (_, serializer) => {
  expect(encoderFor(serializer)).toBeUndefined();
});

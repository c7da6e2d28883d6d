import { join } from 'node:path';
import { manifestSuite } from '@clew/testing';
import { AmqplibInstrumentation } from '../src/index.ts';

// integration-tests/amqplib has the tests that need a broker.
manifestSuite(join(__dirname, '..'), { AmqplibInstrumentation });

test.each([
  [{ consumeTimeoutMs: -1 }, 'expected consumeTimeoutMs to be a number in [0, 604800000], got -1'],
  [{ envelopes: [{ system: 'mine' }] }, 'expected envelopes to be a list of { system, read }, got'],
  [{ trust: 'blind' }, 'expected trust to be "continue" | "link" | "ignore"'],
])('%j is refused', (options, message) => {
  expect(() => new AmqplibInstrumentation(options as object)).toThrow(message);
});

test('exports without the expected functions are left alone', () => {
  const instrumentation = new AmqplibInstrumentation();
  const exports = Object.freeze({ something: 'else' });
  expect(() => instrumentation.instrument(exports)).not.toThrow();
  instrumentation.disable();
});

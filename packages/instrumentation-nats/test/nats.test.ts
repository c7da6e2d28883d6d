import { join } from 'node:path';
import { manifestSuite } from '@clew/testing';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { messageContext, NatsInstrumentation } from '../src/index.ts';

// integration-tests/nats has the tests that need a server.
manifestSuite(join(__dirname, '..'), { NatsInstrumentation });

test.each([
  [{ consumeTimeoutMs: -1 }, 'expected consumeTimeoutMs to be a number in [0, 604800000], got -1'],
  [{ trust: 'blind' }, 'expected trust to be "continue" | "link" | "ignore"'],
])('%j is refused', (options, message) => {
  expect(() => new NatsInstrumentation(options as object)).toThrow(message);
});

test('exports without the expected classes are left alone', () => {
  const instrumentation = new NatsInstrumentation();
  const exports = Object.freeze({ something: 'else' });
  expect(() => instrumentation.instrument(exports)).not.toThrow();
  instrumentation.disable();
});

test('an untraced message has the root context', () => {
  expect(messageContext({})).toBe(ROOT_CONTEXT);
  expect(messageContext({ msg: {} })).toBe(ROOT_CONTEXT);
});

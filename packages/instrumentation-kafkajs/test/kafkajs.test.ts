import { join } from 'node:path';
import { manifestSuite } from '@clew/testing';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { KafkajsInstrumentation, messageContext, processMessage } from '../src/index.ts';

// integration-tests/kafkajs has the tests that need a broker.
manifestSuite(join(__dirname, '..'), { KafkajsInstrumentation });

test.each([
  [{ messageKey: 'yes' }, 'expected messageKey to be true or false, got "yes"'],
  [{ trust: 'blind' }, 'expected trust to be "continue" | "link" | "ignore"'],
])('%j is refused', (options, message) => {
  expect(() => new KafkajsInstrumentation(options as object)).toThrow(message);
});

test('exports without the expected class are left alone', () => {
  const instrumentation = new KafkajsInstrumentation();
  const exports = Object.freeze({ something: 'else' });
  expect(() => instrumentation.instrument(exports)).not.toThrow();
  instrumentation.disable();
});

test('an untraced message has the root context, and is processed in the current one', () => {
  expect(messageContext({})).toBe(ROOT_CONTEXT);
  expect(processMessage({}, () => context.active())).toBe(context.active());
});

import { join } from 'node:path';
import { manifestSuite } from '@clew/testing';
import { McpInstrumentation } from '../src/index.ts';

// integration-tests/mcp has the tests that need the SDK.
manifestSuite(join(__dirname, '..'), { McpInstrumentation });

test.each([
  [{ ignore: 'ping' }, 'expected ignore to be a list of strings, RegExps and functions, got "ping"'],
  [{ trust: 'blind' }, 'expected trust to be "continue" | "link" | "ignore"'],
  [
    { propagateTo: 'some' },
    'expected propagateTo to be "all" | "none" | "same-origin" | a list of host patterns',
  ],
])('%j is refused', (options, message) => {
  expect(() => new McpInstrumentation(options as object)).toThrow(message);
});

test('exports without the expected class are left alone', () => {
  const instrumentation = new McpInstrumentation();
  expect(() => instrumentation.instrument(Object.freeze({ something: 'else' }))).not.toThrow();
  instrumentation.disable();
});

// The plugin with OpenTelemetry's SDK in place of Clew's tracer.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Collector, startCollector } from '@clew/viewer';
import { spansOf, treeOf } from '../span-tree.ts';
import { type FunctionOptions, type LambdaFunction, startFunction } from './platform.ts';

const setup = pathToFileURL(join(__dirname, '..', 'opentelemetry', 'setup.mjs')).href;
let collector: Collector;
let invoked: LambdaFunction;
beforeEach(async () => {
  collector = await startCollector({ port: 0 });
});
afterEach(async () => {
  await invoked.stop();
  await collector.close();
});

async function start(options: FunctionOptions): Promise<void> {
  invoked = await startFunction({
    ...options,
    variables: {
      ...options.variables,
      NODE_OPTIONS: `--import ${setup}`,
      SETUP: JSON.stringify({ tracer: 'opentelemetry', plugins: { 'aws-lambda': 'clew' } }),
      OTEL_SERVICE_NAME: 'orders',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    },
  });
}

test.each([
  [3, 'commonjs.respond'],
  [3, 'bundled.respond'],
  [4, 'esmodule.respond'],
  [4, 'commonjs.respond'],
] as const)('runtime %i, %s: spans are exported before the response', async (generation, handler) => {
  await start({ handler, generation });
  expect((await invoked.invoke({})).kind).toBe('response');
  expect(treeOf(spansOf(collector, 'orders'))).toEqual(['SERVER orders', '  INTERNAL step']);
  await invoked.idle();
  expect(invoked.output()).toEqual({ stdout: '', stderr: '' });
});

test('an invocation that times out is exported, without spans that only its own tracer can end', async () => {
  // More than the default: other tests may keep the machine busy.
  await start({ handler: 'commonjs.hang', variables: { CLEW_AWS_LAMBDA_TIMEOUT_RESERVE_MS: '3000' } });
  await invoked.idle();
  expect((await invoked.invoke({}, { timeoutMs: 6000 })).kind).toBe('timeout');
  const spans = spansOf(collector, 'orders');
  expect(spans.map(({ name, attributes }) => [name, attributes['clew.unfinished_reason']])).toEqual([
    ['orders', 'timeout'],
  ]);
});

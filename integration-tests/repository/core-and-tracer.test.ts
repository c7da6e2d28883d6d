// The code of docs/core-and-tracer.md runs as it is written.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as internal from '@clew/core/internal';
import { TracerProvider } from '@clew/tracer';
import { transformSync } from '@swc/core';

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'core-and-tracer.md'), 'utf8');
const [sharing, writing] = Array.from(page.matchAll(/^```ts\n(.*?)^```$/gms), ([, block]) => block as string);

/** Runs a code block and returns the value of a name that it defines. */
function run(
  block: string | undefined,
  name: string,
  given: Readonly<Record<string, unknown>> = {},
): unknown {
  const { code } = transformSync(`${block}\nexport const result = ${name};`, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const exported: { result?: unknown } = {};
  const load = () => internal;
  new Function('exports', 'require', ...Object.keys(given), code)(exported, load, ...Object.values(given));
  return exported.result;
}

test('a span starts with the shared attributes of the page', () => {
  const startSpan = jest.fn();
  const attributes = run(sharing, 'attributes', { tracer: { startSpan } });
  expect(internal.isShared(attributes as internal.SharedAttributes)).toBe(true);
  expect(startSpan).toHaveBeenCalledWith('publish orders', { attributes });
});

test("the tracer's spans write their traceparent as the page says", () => {
  const header = run(writing, 'header') as (span: unknown) => string;
  const span = new TracerProvider({ exporter: false }).getTracer('test').startSpan('call');
  const { traceId, spanId, traceFlags } = span.spanContext();
  expect(header(span)).toBe(`00-${traceId}-${spanId}-0${traceFlags}`);
  span.end();
});

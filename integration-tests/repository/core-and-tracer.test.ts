// Runs the code blocks of docs/core-and-tracer.md.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as internal from '@clew/core/internal';
import { TracerProvider } from '@clew/tracer';
import { SpanStatusCode } from '@opentelemetry/api';
import { transformSync } from '@swc/core';

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'core-and-tracer.md'), 'utf8');
const [sharing, writing, sampling, noting, describing] = Array.from(
  page.matchAll(/^```ts\n(.*?)^```$/gms),
  ([, block]) => block as string,
);

/** Runs a code block and returns the value of a name that it defines. */
function run(
  block: string | undefined,
  name: string,
  variables: Readonly<Record<string, unknown>> = {},
): unknown {
  const { code } = transformSync(`${block}\nexport const result = ${name};`, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const exported: { result?: unknown } = {};
  const load = () => internal;
  new Function('exports', 'require', ...Object.keys(variables), code)(
    exported,
    load,
    ...Object.values(variables),
  );
  return exported.result;
}

test('the shared attributes of the page start a span', () => {
  const startSpan = jest.fn();
  const attributes = run(sharing, 'attributes', { tracer: { startSpan } });
  expect(internal.isShared(attributes as internal.SharedAttributes)).toBe(true);
  expect(startSpan).toHaveBeenCalledWith('publish orders', { attributes });
});

test('the spans of the tracer write their traceparent as described on the page', () => {
  const header = run(writing, 'header') as (span: unknown) => string;
  const span = new TracerProvider({ exporter: false }).getTracer('test').startSpan('call');
  const { traceId, spanId, traceFlags } = span.spanContext();
  expect(header(span)).toBe(`00-${traceId}-${spanId}-0${traceFlags}`);
  span.end();
});

test('a sampler keeps the traces of local roots that fail, as the page says', () => {
  const sampler = run(sampling, 'sampler') as internal.LocalRootSampler;
  const shouldSample = () => ({ decision: 0 as const });
  const provider = new TracerProvider({ exporter: false, sampler: { ...sampler, shouldSample } });
  for (const code of [SpanStatusCode.ERROR, SpanStatusCode.UNSET])
    provider.getTracer('test').startSpan('request').setStatus({ code }).end();
  expect(provider.stats().late).toMatchObject({ keptAtEnd: 1, forgotten: 1 });
});

test("the tracer's spans are notified of the route as the page says", () => {
  const note = run(noting, 'note') as (span: unknown) => void;
  const routes: string[] = [];
  const decision = { sampled: false, traceState: undefined };
  const pending = {
    needsRoute: true,
    atRoute: (route: string) => {
      routes.push(route);
      return decision;
    },
    atEnd: () => decision,
  };
  const sampler = {
    [internal.DECIDE_LOCAL_ROOT]: () => ({ ...decision, pending }),
    shouldSample: () => ({ decision: 0 as const }),
  };
  note(new TracerProvider({ exporter: false, sampler }).getTracer('test').startSpan('GET'));
  expect(routes).toEqual(['/orders/:id']);
});

test("the tracer's spans are described when they are kept, as the page says", () => {
  const describe = run(describing, 'describe') as (span: unknown, attributes: () => object) => boolean;
  const sampler = run(sampling, 'sampler') as internal.LocalRootSampler;
  const shouldSample = () => ({ decision: 0 as const });
  const tracer = new TracerProvider({ exporter: false, sampler: { ...sampler, shouldSample } }).getTracer(
    'test',
  );
  const attributes = jest.fn(() => ({}));
  for (const code of [SpanStatusCode.UNSET, SpanStatusCode.ERROR]) {
    const span = tracer.startSpan('request');
    expect(describe(span, attributes)).toBe(true);
    span.setStatus({ code }).end();
  }
  expect(attributes).toHaveBeenCalledTimes(1);
  expect(
    describe(new TracerProvider({ exporter: false }).getTracer('test').startSpan('call'), attributes),
  ).toBe(false);
});

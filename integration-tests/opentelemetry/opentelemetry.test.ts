import { join } from 'node:path';
import { type Collector, type SpanRecord, startCollector } from '@clew/viewer';
import { type Ended, inParallel, runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

// Combinations of plugins and tracers of Clew and OpenTelemetry.

type Vendor = 'clew' | 'opentelemetry';
type Plugin = 'http' | 'express' | 'koa' | 'undici' | 'knex';

const VENDORS = ['clew', 'opentelemetry'] as const;
const CHAINS = ['chain.cjs', 'chain.mjs'] as const;

const all = (vendor: Vendor): Record<Plugin, Vendor> => ({
  http: vendor,
  express: vendor,
  koa: vendor,
  undici: vendor,
  knex: vendor,
});

/** The plugins of each combination. */
const MIXES: Readonly<Record<string, Readonly<Record<Plugin, Vendor>>>> = {
  'plugins of Clew': all('clew'),
  'plugins of OpenTelemetry': all('opentelemetry'),
  'OpenTelemetry’s http with Clew’s frameworks': { ...all('opentelemetry'), express: 'clew', koa: 'clew' },
  'Clew’s http with OpenTelemetry’s frameworks': {
    ...all('clew'),
    express: 'opentelemetry',
    koa: 'opentelemetry',
  },
  'OpenTelemetry’s servers with Clew’s clients': { ...all('opentelemetry'), undici: 'clew', knex: 'clew' },
  'Clew’s servers with OpenTelemetry’s clients': {
    ...all('clew'),
    undici: 'opentelemetry',
    knex: 'opentelemetry',
  },
};

interface Case {
  readonly tracer: Vendor;
  readonly mix: string;
  readonly program: string;
}

const CASES: readonly Case[] = VENDORS.flatMap((tracer) =>
  Object.keys(MIXES).flatMap((mix) => CHAINS.map((program) => ({ tracer, mix, program }))),
);

/** The expected tree. OpenTelemetry's framework plugins create a span for each layer; Clew's do not by default. */
function expectedTree({ express, koa, knex }: Readonly<Record<Plugin, Vendor>>): string[] {
  const lines = [
    'CLIENT GET',
    'SERVER GET /orders/:id',
    ...(express === 'clew' ? [] : ['INTERNAL request handler']),
    'CLIENT GET',
    'SERVER GET /stock/:id',
    ...(koa === 'clew' ? [] : ['INTERNAL router - /stock/:id']),
    knex === 'clew' ? 'CLIENT SELECT' : 'CLIENT select :memory:',
  ];
  return lines.map((line, depth) => '  '.repeat(depth) + line);
}

let collector: Collector;
let runs: (Ended & { spans: readonly SpanRecord[] })[];

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  runs = await inParallel(2, CASES, async ({ tracer, mix, program }) => {
    const service = `${tracer}: ${mix}: ${program}`;
    const setup = ['--import', join(__dirname, 'setup.mjs')];
    const ended = await runProgram([...setup, join(__dirname, '..', 'preload', 'programs', program)], {
      variables: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_SERVICE_NAME: service,
        SETUP: JSON.stringify({ tracer, plugins: MIXES[mix] }),
        NODE_NO_WARNINGS: '1',
      },
    });
    return { ...ended, spans: spansOf(collector, service) };
  });
}, 120_000);
afterAll(() => collector.close());

describe.each(VENDORS)('the tracer of %s', (tracer) => {
  const cases = CASES.map((each, index) => [each.mix, each.program, index] as const).filter(
    ([, , index]) => CASES[index]!.tracer === tracer,
  );

  test.each(cases)(
    'with %s (%s), creates one trace with routes on the server spans',
    (mix, _program, index) => {
      const { spans, ...ended } = runs[index]!;
      expect(ended).toEqual({ code: 0, signal: null, stdout: '{"pieces":7}', stderr: '' });
      expect(treeOf(spans)).toEqual(expectedTree(MIXES[mix]!));
      const routes = spans
        .filter(({ kind }) => kind === 'SERVER')
        .map(({ attributes }) => attributes['http.route']);
      expect(routes.sort()).toEqual(['/orders/:id', '/stock/:id']);
    },
  );
});

test('spans have the scope of their plugin and the SDK name of their tracer', () => {
  for (const [index, { tracer, mix }] of CASES.entries()) {
    const { http, knex } = MIXES[mix]!;
    for (const { kind, name, scope, resource } of runs[index]!.spans) {
      if (kind === 'SERVER') expect(scope.name).toBe(`@${http}/instrumentation-http`);
      if (/select/i.test(name)) expect(scope.name).toBe(`@${knex}/instrumentation-knex`);
      expect(resource.attributes['telemetry.sdk.name']).toBe(tracer);
    }
  }
});

test('a plugin records the same spans with both tracers', () => {
  const [withClew, withSdk] = VENDORS.map((tracer) => {
    const index = CASES.findIndex((each) => each.tracer === tracer && each.mix === 'plugins of Clew');
    return runs[index]!.spans.map(({ kind, name, attributes, status, events, links, scope }) => ({
      ...{ kind, name, status, events: events.length, links: links.length, scope: scope.name },
      attributes: stable(attributes),
    })).sort((a, b) => (a.kind + a.name + a.scope < b.kind + b.name + b.scope ? -1 : 1));
  });
  expect(withClew).toHaveLength(5);
  expect(withClew).toEqual(withSdk);
});

test.each(CHAINS)(
  'init() accepts an instrumentation of OpenTelemetry, also for ES modules (%s)',
  async (program) => {
    const service = `init: ${program}`;
    const setup = ['--import', join(__dirname, 'init.mjs')];
    const ended = await runProgram([...setup, join(__dirname, '..', 'preload', 'programs', program)], {
      variables: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_SERVICE_NAME: service,
        NODE_NO_WARNINGS: '1',
      },
    });
    expect(ended).toEqual({ code: 0, signal: null, stdout: '{"pieces":7}', stderr: '' });
    expect(treeOf(spansOf(collector, service))).toEqual(
      expectedTree({ ...all('clew'), express: 'opentelemetry' }),
    );
  },
);

/** Without attributes that differ between runs: ports, and waiting times, which are recorded only if they are long. */
function stable(attributes: SpanRecord['attributes']): Record<string, unknown> {
  const entries = Object.entries(attributes).filter(([key]) => !/_ms$/.test(key));
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutPort(key, value)]));
}

function withoutPort(key: string, value: unknown): unknown {
  if (/port$/.test(key)) return typeof value;
  return typeof value === 'string' ? value.replace(/:\d{4,5}\b/, ':port') : value;
}

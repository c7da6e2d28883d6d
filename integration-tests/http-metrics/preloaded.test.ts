import { join } from 'node:path';
import { runProgram } from '../run-program.ts';

interface Metric {
  readonly scope: string;
  readonly name: string;
  readonly unit: string;
  readonly points: readonly {
    readonly attributes: Readonly<Record<string, unknown>>;
    readonly count: number;
    readonly boundaries: readonly number[];
  }[];
}

const SERVER = 'http.server.request.duration';
const CLIENT = 'http.client.request.duration';
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

async function measure(program: string, framework: string, sampler: string): Promise<Metric[]> {
  const { code, stdout, stderr } = await runProgram(
    ['--import', '@clew/node/register', join(__dirname, 'programs', program), framework],
    { variables: { OTEL_TRACES_EXPORTER: 'none', OTEL_TRACES_SAMPLER: sampler, NODE_NO_WARNINGS: '1' } },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** The measured requests as text, sorted; ports differ from run to run. */
function requestsOf(all: readonly Metric[], name: string): string[] {
  const points = all.filter((metric) => metric.name === name).flatMap(({ points }) => points);
  return points
    .map(({ attributes, count }) => {
      const { 'server.port': port, ...rest } = attributes;
      expect(typeof port).toBe(name === CLIENT ? 'number' : 'undefined');
      const entries = Object.entries(rest).sort();
      return `${count} × ${entries.map(([key, value]) => `${key}=${value}`).join(' ')}`;
    })
    .sort();
}

describe.each([
  ['framework.cjs', 'express', 'always_off', ':id'],
  ['framework.mjs', 'express', 'always_on', ':id'],
  ['framework.cjs', 'koa', 'always_on', ':id'],
  ['framework.mjs', 'koa', 'always_off', ':id'],
  ['framework.cjs', 'fastify', 'always_off', ':id'],
  ['framework.mjs', 'fastify', 'always_on', ':id'],
  ['framework.cjs', 'hapi', 'always_on', '{id}'],
  ['framework.mjs', 'hapi', 'always_off', '{id}'],
])('%s with %s, traces %s', (program, framework, sampler, id) => {
  let all: Metric[];
  beforeAll(async () => {
    all = await measure(program, framework, sampler);
  });

  test('measures the requests that the server gets, with their routes', () => {
    const common = 'network.protocol.version=1.1 url.scheme=http';
    expect(requestsOf(all, SERVER)).toEqual([
      `1 × error.type=OrderError http.request.method=GET http.response.status_code=500 http.route=/broken/${id} ${common}`,
      `1 × http.request.method=POST http.response.status_code=404 ${common}`,
      `2 × http.request.method=GET http.response.status_code=200 http.route=/orders/${id} ${common}`,
    ]);
  });

  test('measures the requests that its clients send', () => {
    const server = 'server.address=localhost';
    expect(requestsOf(all, CLIENT)).toEqual([
      `1 × error.type=404 http.request.method=POST http.response.status_code=404 ${server}`,
      `1 × error.type=500 http.request.method=GET http.response.status_code=500 network.protocol.version=1.1 ${server}`,
      `1 × http.request.method=GET http.response.status_code=200 network.protocol.version=1.1 ${server}`,
      `1 × http.request.method=GET http.response.status_code=200 ${server}`,
    ]);
  });

  test('has the unit and the boundaries of the conventions', () => {
    expect(all.map(({ name, unit, scope }) => `${scope}: ${name} in ${unit}`).sort()).toEqual([
      `@clew/instrumentation-http: ${CLIENT} in s`,
      `@clew/instrumentation-http: ${SERVER} in s`,
      `@clew/instrumentation-undici: ${CLIENT} in s`,
    ]);
    for (const { points } of all) for (const { boundaries } of points) expect(boundaries).toEqual(BOUNDARIES);
  });
});

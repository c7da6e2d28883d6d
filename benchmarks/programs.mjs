const requests = ['request', 'requests'];
const queries = ['query', 'queries'];
const messages = ['message', 'messages'];
const calls = ['call', 'calls'];
const commands = ['command', 'commands'];

/**
 * The measured programs. To add one, write `programs/NAME.cjs` and an entry here.
 *
 * `main`: it is measured by default; the others with `--all` or `--only`.
 * `load: 'http'`: the file exports `start()`, which resolves to a server's port; another process sends requests to
 * `path`.
 * `load: 'inside'`: it resolves to an async function that does one unit of work, which the process itself calls,
 * `inFlight` at a time.
 * `peer`: the program calls a second, untraced server, whose port is in `BENCH_PEER_PORT`.
 * `broker`: it uses RabbitMQ, whose URL is in `BENCH_AMQP_URL`.
 * `service`: it uses this database (see services.mjs), whose URL is in `BENCH_SERVICE_URL`.
 * `plugin`: Clew's plugin; without it, the variants of Clew are left out.
 * `policies`: it is measured with sampling policies as well.
 * `failEvery`: every so many requests, one fails. `variants`: the only variants for which it is useful.
 * `unit`: the name of one unit of its work, singular and plural.
 * `spans`: the expected number of spans for each request, with default layers and with all; the run fails for any
 * other number. A program without layers has the same number twice, and is measured once. `otel` is the number of
 * OpenTelemetry's spans, if it differs. `datadog` is the number of dd-trace's; without it, dd-trace is not measured:
 * it has no spans for the library, or their number is not constant. `deno` is the number of Deno's own tracer, likewise.
 *
 * @typedef {{ main?: boolean, load: 'http' | 'inside', path?: string, inFlight?: number, peer?: boolean, broker?: boolean,
 *   service?: string, plugin?: string, policies?: boolean, failEvery?: number, variants?: string[],
 *   unit: [one: string, many: string],
 *   spans: { default: number, all: number, otel?: number, datadog?: number, deno?: number } }} Program
 * @type {Record<string, Program>}
 */
export const programs = {
  express: {
    main: true,
    load: 'http',
    path: '/shop/orders/42',
    unit: requests,
    spans: { default: 1, all: 6, datadog: 7 },
  },
  koa: {
    main: true,
    load: 'http',
    path: '/shop/orders/42',
    unit: requests,
    spans: { default: 1, all: 5, datadog: 6 },
  },
  http: {
    main: true,
    load: 'http',
    path: '/orders/42',
    policies: true,
    unit: requests,
    spans: { default: 1, all: 1, datadog: 1, deno: 1 },
  },
  'http-errors': {
    load: 'http',
    path: '/orders/42',
    policies: true,
    failEvery: 100,
    variants: ['bare', 'clew', 'clew-unsampled', 'clew-keep-errors'],
    unit: requests,
    spans: { default: 1, all: 1 },
  },
  fetch: {
    load: 'http',
    path: '/orders/42',
    peer: true,
    unit: requests,
    spans: { default: 2, all: 2, datadog: 2 },
  },
  'http-client': {
    load: 'http',
    path: '/orders/42',
    peer: true,
    unit: requests,
    spans: { default: 2, all: 2, datadog: 2 },
  },
  knex: { load: 'inside', inFlight: 4, unit: queries, spans: { default: 1, all: 1 } },
  'knex-stub': { main: true, load: 'inside', inFlight: 4, unit: queries, spans: { default: 1, all: 1 } },
  'amqp-publish': {
    main: true,
    load: 'inside',
    inFlight: 64,
    broker: true,
    unit: messages,
    spans: { default: 2, all: 2, datadog: 3 },
  },
  'amqp-rpc': {
    main: true,
    load: 'inside',
    inFlight: 64,
    broker: true,
    unit: calls,
    spans: { default: 2, all: 2, otel: 4, datadog: 5 },
  },
  grpc: {
    load: 'inside',
    inFlight: 16,
    plugin: '@clew/instrumentation-grpc',
    unit: calls,
    spans: { default: 2, all: 2, datadog: 3 },
  },
  'aws-sdk': {
    load: 'inside',
    inFlight: 16,
    peer: true,
    plugin: '@clew/instrumentation-aws-sdk',
    unit: calls,
    spans: { default: 2, all: 2, datadog: 2 },
  },
  openai: {
    load: 'inside',
    inFlight: 16,
    peer: true,
    plugin: '@clew/instrumentation-openai',
    unit: calls,
    spans: { default: 2, all: 2, datadog: 2 },
  },
  pg: database('postgres', 'pg', queries, 2),
  'knex-pg': database('postgres', 'pg', queries, 2),
  mysql2: database('mariadb', 'mysql2', queries, 1),
  redis: database('redis', 'redis', commands, 1),
  ioredis: database('redis', 'ioredis', commands, 1),
  mongodb: database('mongodb', 'mongodb', commands, 1),
  sqlite: {
    load: 'inside',
    inFlight: 4,
    plugin: '@clew/instrumentation-sqlite',
    // OpenTelemetry has no plugin for SQLite.
    variants: ['bare', 'clew', 'clew-unsampled'],
    unit: queries,
    spans: { default: 1, all: 1 },
  },
};

/** OpenTelemetry has a span for a connection of the pool as well, or for the query builder. */
function database(service, plugin, unit, otel) {
  const name = `@clew/instrumentation-${plugin}`;
  const spans = { default: 1, all: 1, otel, datadog: 1 };
  return { load: 'inside', inFlight: 4, service, plugin: name, unit, spans };
}

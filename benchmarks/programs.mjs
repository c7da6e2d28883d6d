const requests = ['request', 'requests'];
const queries = ['query', 'queries'];
const messages = ['message', 'messages'];
const calls = ['call', 'calls'];

/**
 * The programs that are measured. To add one, write `programs/NAME.cjs` and an entry here.
 *
 * `load: 'http'`: the file exports `start()`, which resolves to the port of a server; requests to `path` are sent
 * from another process. `load: 'inside'`: it resolves to an async function that does one unit of work, which the
 * process calls itself, `inFlight` at a time.
 * `peer`: the program calls a second, untraced server, whose port is in `BENCH_PEER_PORT`.
 * `broker`: it talks to RabbitMQ, whose URL is in `BENCH_AMQP_URL`.
 * `unit`: what one unit of its work is called.
 * `spans`: how many spans a request must make, at default layers and with all of them; the run fails on any other
 * number. A program without layers has the same number twice, and is not measured twice. `otel` is how many
 * OpenTelemetry makes of the same work, where it makes others.
 *
 * @typedef {{ load: 'http' | 'inside', path?: string, inFlight?: number, peer?: boolean, broker?: boolean, unit: [one: string, many: string],
 *   spans: { default: number, all: number, otel?: number } }} Program
 * @type {Record<string, Program>}
 */
export const programs = {
  express: { load: 'http', path: '/shop/orders/42', unit: requests, spans: { default: 1, all: 6 } },
  koa: { load: 'http', path: '/shop/orders/42', unit: requests, spans: { default: 1, all: 5 } },
  http: { load: 'http', path: '/orders/42', unit: requests, spans: { default: 1, all: 1 } },
  fetch: { load: 'http', path: '/orders/42', peer: true, unit: requests, spans: { default: 2, all: 2 } },
  'http-client': {
    load: 'http',
    path: '/orders/42',
    peer: true,
    unit: requests,
    spans: { default: 2, all: 2 },
  },
  knex: { load: 'inside', inFlight: 4, unit: queries, spans: { default: 1, all: 1 } },
  'knex-stub': { load: 'inside', inFlight: 4, unit: queries, spans: { default: 1, all: 1 } },
  'amqp-publish': {
    load: 'inside',
    inFlight: 64,
    broker: true,
    unit: messages,
    spans: { default: 2, all: 2 },
  },
  'amqp-rpc': {
    load: 'inside',
    inFlight: 64,
    broker: true,
    unit: calls,
    spans: { default: 2, all: 2, otel: 4 },
  },
};

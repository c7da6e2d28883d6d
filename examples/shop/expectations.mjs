/** Each span of a path is the parent of the next one. */
const PRODUCT_PATHS = [
  [
    ['gateway', 'SERVER', 'GET /products/:id'],
    ['gateway', 'CLIENT', 'GET'],
    ['catalogue', 'SERVER', 'GET /products/:id'],
    ['catalogue', 'CLIENT', 'SELECT products'],
  ],
  [
    ['gateway', 'SERVER', 'GET /products/:id'],
    ['gateway', 'CLIENT', 'GET'],
    ['catalogue', 'SERVER', 'GET /products/:id/stock'],
    ['catalogue', 'CLIENT', /^SELECT (stock|warehouse)$/],
  ],
];

const ORDER_PATHS = [
  [
    ['gateway', 'SERVER', 'POST /orders'],
    ['gateway', 'CLIENT', /orders/],
    ['orders', 'SERVER', /orders/],
    ['orders', 'PRODUCER', /shop\.events/],
    ['notifier', 'CONSUMER', /shop\.events/],
  ],
];

/** The requests of the demo, the expected responses, and the expected contents of their traces. */
export const SCENARIOS = {
  product: { title: 'a request', path: '/products/7', status: 200, paths: PRODUCT_PATHS, errors: [] },
  failure: {
    title: 'a request that fails',
    path: '/products/13',
    status: 502,
    paths: PRODUCT_PATHS,
    errors: ['GET', 'GET /products/:id', 'GET /products/:id/stock', 'SELECT warehouse'],
  },
  order: {
    title: 'a call over AMQP, and the event that follows',
    path: '/orders',
    body: { product: 7, pieces: 2 },
    status: 201,
    paths: ORDER_PATHS,
    errors: [],
  },
};

/**
 * Returns what is missing in a trace: expected spans with their parents, and errors exactly where they occurred.
 */
export function missingFrom(trace, { paths, errors }) {
  const problems = [];
  for (const path of paths) {
    let found = [undefined];
    for (const [service, kind, name] of path) {
      const parents = found.map((span) => span?.spanId);
      found = trace.spans.filter(
        (span) => fits(span, service, kind, name) && parents.includes(span.parentSpanId),
      );
      if (found.length === 0) {
        problems.push(`${kind} span ${name} of ${service} in its place`);
        break;
      }
    }
  }
  const failed = trace.spans.filter((span) => span.status.code === 'ERROR').map((span) => span.name);
  if (problems.length === 0 && failed.sort().join() !== errors.join()) {
    problems.push(`errors on [${errors}], got them on [${failed}]`);
  }
  return problems;
}

function fits(span, service, kind, name) {
  const sameName = typeof name === 'string' ? span.name === name : name.test(span.name);
  return sameName && span.kind === kind && span.resource.attributes['service.name'] === service;
}

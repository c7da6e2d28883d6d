/** The spans of `GET /products/:id`, each beneath the one before it in its path. */
const PATHS = [
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

/** Says what a trace lacks: spans that must be there, in their places, with errors where they happened and only there. */
export function missingFrom(trace, status) {
  const problems = [];
  for (const path of PATHS) {
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
  const expected =
    status === 200 ? [] : ['GET', 'GET /products/:id', 'GET /products/:id/stock', 'SELECT warehouse'];
  if (problems.length === 0 && failed.sort().join() !== expected.join()) {
    problems.push(`errors on [${expected}], got them on [${failed}]`);
  }
  return problems;
}

function fits(span, service, kind, name) {
  const sameName = typeof name === 'string' ? span.name === name : name.test(span.name);
  return sameName && span.kind === kind && span.resource.attributes['service.name'] === service;
}

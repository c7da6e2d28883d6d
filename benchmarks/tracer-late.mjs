// Measures the cost of decisions about local roots in the tracer: at the start, at the route and at the end.
// npx node benchmarks/tracer-late.mjs (after `npm run build`)
import { DECIDE_LOCAL_ROOT } from '@clew/core/internal';
import { parentBased, TracerProvider, traceIdRatioBased } from '@clew/tracer';
import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';

const ROUNDS = 15;
const CALLS = 50_000;
const SERVER = {
  kind: SpanKind.SERVER,
  attributes: { 'http.request.method': 'GET', 'url.path': '/orders/42', 'url.scheme': 'http' },
};

const unsampled = { sampled: false, traceState: undefined };
const pending = { needsRoute: false, atRoute: () => unsampled, atEnd: () => unsampled };
const untilEnd = { ...unsampled, pending };
const deciding = (decision) => ({
  [DECIDE_LOCAL_ROOT]: () => decision,
  shouldSample: () => ({ decision: 0 }),
});
const tracerWith = (sampler) => new TracerProvider({ sampler }).getTracer('bench', '1.0.0');

const ratio = tracerWith(parentBased({ root: traceIdRatioBased(0) }));
const never = tracerWith(deciding(unsampled));
const late = tracerWith(deciding(untilEnd));

const root = (tracer) => () => tracer.startSpan('GET', SERVER, ROOT_CONTEXT).end();
const withChildren = (tracer, children) => () => {
  const span = tracer.startSpan('GET', SERVER, ROOT_CONTEXT);
  const inside = trace.setSpan(ROOT_CONTEXT, span);
  for (let i = 0; i < children; i++)
    tracer
      .startSpan('SELECT orders', { kind: SpanKind.CLIENT, attributes: { 'db.system.name': 'pg' } }, inside)
      .end();
  span.setAttribute('http.response.status_code', 200);
  span.end();
};

const cases = {
  'unsampled root, parentBased(ratio)': root(ratio),
  'unsampled root, decided by a sampler of local roots': root(never),
  'pending root, forgotten at its end': root(late),
  'unsampled root with 3 children, parentBased(ratio)': withChildren(ratio, 3),
  'pending root with 3 children, forgotten at its end': withChildren(late, 3),
};

// The rounds of all cases alternate, and the best round counts, because other processes can only add time.
const best = {};
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, work] of Object.entries(cases)) {
    const before = process.cpuUsage();
    for (let i = 0; i < CALLS; i++) work();
    const { user, system } = process.cpuUsage(before);
    best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, (user + system) / CALLS);
  }
}
for (const [name, us] of Object.entries(best)) console.log(`${name}: ${us.toFixed(3)} us CPU`);

// Starts with the options of its first argument, and starts spans as the lines of its input say: a name for each. Prints
// which of them were kept, and at the end the counters.
import { createInterface } from 'node:readline';
import { init } from '@clew/node';
import { DiagLogLevel, diag, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

const exported = [];
const exporter = {
  export: (spans, done) => {
    exported.push(
      ...spans.map(({ name, attributes }) => `${name} ${attributes['clew.sampling.kept'] ?? ''}`.trim()),
    );
    done({ code: 0 });
  },
  shutdown: async () => {},
};
void [diag, DiagLogLevel];
const clew = init({
  discover: false,
  exporter: false,
  spanExporters: [exporter],
  ...JSON.parse(process.argv[2] ?? '{}'),
});
const tracer = trace.getTracer('application');
const flags = { sampled: 1, unsampled: 0 };

for await (const line of createInterface(process.stdin)) {
  const [name, parent] = line.split(' ');
  const remote = {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    isRemote: true,
    traceFlags: flags[parent],
  };
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER }, context);
  if (name.startsWith('fail')) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
  await clew.flush();
  console.log(JSON.stringify(exported.splice(0)));
}
console.log(JSON.stringify(clew.stats()));
await clew.shutdown();

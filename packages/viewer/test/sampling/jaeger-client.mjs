// Runs OpenTelemetry's own Jaeger sampler in a process, because its timer cannot be stopped. Prints how many of 1000
// traces of each operation it samples, once it has fetched a strategy. Usage: jaeger-client.mjs URL SERVICE OPERATION…
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { JaegerRemoteSampler } from '@opentelemetry/sampler-jaeger-remote';

const [endpoint, serviceName, ...operations] = process.argv.slice(2);
const undecided = { shouldSample: () => ({ decision: -1 }), toString: () => 'undecided' };
const sampler = new JaegerRemoteSampler({
  endpoint,
  serviceName,
  initialSampler: undecided,
  poolingInterval: 20,
});
const decide = (traceId, name) =>
  sampler.shouldSample(ROOT_CONTEXT, traceId, name, SpanKind.SERVER, {}, []).decision;
setInterval(() => {
  if (decide('1'.repeat(32), 'any') === -1) return;
  const counts = operations.map((operation) => {
    let sampled = 0;
    for (let index = 0; index < 1000; index++) {
      const digits = Math.floor((index / 1000) * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
      if (decide(`1111111111111111${'0'.repeat(8)}${digits}`, operation) === 2) sampled++;
    }
    return sampled;
  });
  process.stdout.write(JSON.stringify(counts), () => process.exit(0));
}, 20);

// Ends while spans are queued: the tracer must not keep the process alive.
import { TracerProvider } from '@clew/tracer';

const [url, mode] = process.argv.slice(2);
const provider = new TracerProvider({
  exporter: {
    url,
    scheduleDelayMs: mode === 'waiting' ? 600_000 : 1,
    retryDelayMs: 60_000,
    timeoutMs: 600_000,
  },
});
const tracer = provider.getTracer('program');
for (let i = 0; i < 100; i++) tracer.startSpan(`s${i}`).end();
// Long enough for a request to be in flight.
if (mode !== 'waiting') await new Promise((resolve) => setTimeout(resolve, 200));
console.log(JSON.stringify(provider.stats()));

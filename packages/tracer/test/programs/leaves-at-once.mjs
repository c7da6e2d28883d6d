// Ends while spans are queued: the tracer must not keep the process alive.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
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
// Its input ends when the receiver has the request.
if (mode === 'connecting') await once(process.stdin.resume(), 'end');
while (mode === 'retrying' && provider.stats().retries === 0) await delay(10);
console.log(JSON.stringify(provider.stats()));

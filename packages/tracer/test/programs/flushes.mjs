// Only the flush keeps this program alive until the spans are delivered or it times out.
import { TracerProvider } from '@clew/tracer';

const [url, call, timeoutMs] = process.argv.slice(2);
const provider = new TracerProvider({ exporter: { url, scheduleDelayMs: 600_000, retryDelayMs: 50 } });
for (let i = 0; i < 100; i++) provider.getTracer('program').startSpan(`s${i}`).end();
await provider[call](timeoutMs === undefined ? {} : { timeoutMs: Number(timeoutMs) });
console.log(JSON.stringify(provider.stats()));

// Measures the tracer alone: six spans of one request, recorded and encoded, and one unsampled span.
// npx node benchmarks/tracer-micro.mjs (after `npm run build`)
import { createServer } from 'node:http';
import { alwaysOff, TracerProvider } from '@clew/tracer';
import { sixSpans, unsampledChild, unsampledRoot } from './work/tracer.mjs';

const ROUNDS = 7;

const sink = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200).end());
});
await new Promise((resolve) => sink.listen(0, '127.0.0.1', resolve));
sink.unref();
const url = `http://127.0.0.1:${sink.address().port}/v1/traces`;

const sampled = new TracerProvider({ exporter: { url, maxQueueBytes: 1 << 30 } });
const unsampled = new TracerProvider({ exporter: { url }, sampler: alwaysOff() });

async function measure(name, work, calls, flush) {
  const figures = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    const startedAt = performance.now();
    for (let i = 0; i < calls; i++) work(i);
    const elapsed = performance.now() - startedAt;
    await flush?.();
    const { user, system } = process.cpuUsage(before);
    figures.push({ us: (elapsed * 1000) / calls, cpu: (user + system) / calls });
  }
  figures.sort((a, b) => a.us - b.us);
  const middle = figures[ROUNDS >> 1];
  console.log(
    `${name}: ${middle.us.toFixed(3)} us (best ${figures[0].us.toFixed(3)}), with export ${middle.cpu.toFixed(3)} us CPU`,
  );
}

await measure('six spans', sixSpans(sampled), 20_000, () => sampled.forceFlush());
await measure('one unsampled root', unsampledRoot(unsampled), 500_000);
await measure('one unsampled child', unsampledChild(unsampled), 500_000);
console.log(JSON.stringify(sampled.stats()));
await sampled.shutdown();

// Measures the overhead of tracing for a message that is published, consumed and acknowledged, and for a call with
// its reply. The plugin runs on channels that do nothing, without amqplib, a broker and the export. Reports the CPU time
// in nanoseconds, the minimum of many short rounds. This shows changes that are below the noise of the full benchmarks.
// npx node benchmarks/amqp-micro.mjs (after `npm run build`)
import { createServer } from 'node:http';
import { AmqplibInstrumentation } from '@clew/instrumentation-amqplib';
import { init } from '@clew/node';
import { channels, oneCall, oneMessage } from './work/amqp.mjs';

const ROUNDS = 150;
const MESSAGES = 4000;

async function least(run, afterRound) {
  let leastNs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let count = 0; count < MESSAGES; count++) run();
    const { user, system } = process.cpuUsage(before);
    leastNs = Math.min(leastNs, ((user + system) * 1000) / MESSAGES);
    await afterRound?.();
  }
  return leastNs;
}

const sink = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200).end());
});
await new Promise((resolve) => sink.listen(0, '127.0.0.1', resolve));
sink.unref();
const exporter = { url: `http://127.0.0.1:${sink.address().port}/v1/traces`, maxQueueBytes: 1 << 30 };

const works = { message: oneMessage, call: oneCall };
const bare = {};
for (const [name, work] of Object.entries(works)) bare[name] = await least(work(channels()));
for (const sampler of ['always_off', 'always_on']) {
  process.env.OTEL_TRACES_SAMPLER = sampler;
  const clew = init({ serviceName: 'bench', exporter, plugins: { http: false } });
  for (const [name, work] of Object.entries(works)) {
    const traced = channels();
    const plugin = new AmqplibInstrumentation();
    plugin.instrument({ Channel: traced.BaseChannel });
    const before = clew.stats().spansEnded;
    const added = (await least(work(traced), () => clew.flush())) - bare[name];
    const spans = (clew.stats().spansEnded - before) / (ROUNDS * MESSAGES);
    process.stdout.write(`${sampler.padEnd(10)} ${added.toFixed(0)} ns per ${name}, ${spans} spans\n`);
    plugin.disable();
  }
  await clew.shutdown();
}

// `npm run demo`: starts the shop with only the preload flag, sends requests, and shows the traces.
// `npm run demo -- --once` ends by itself, with status 0 if the traces were complete; `--svg FILE` saves an image.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { renderWaterfall, renderWaterfallSvg, startCollector } from '@clew/viewer';
import { rabbitmq } from '../../integration-tests/services/rabbitmq.ts';
import { missingFrom, SCENARIOS } from './expectations.mjs';
import { startService, stopServices } from './services.mjs';

const { values: flags } = parseArgs({
  options: { once: { type: 'boolean', default: false }, svg: { type: 'string' } },
});
const color = process.stdout.isTTY && !process.env.NO_COLOR;
const width = Math.min(process.stdout.columns ?? 110, 140);

const collector = await startCollector({ port: 0 });
log(`collecting traces on ${collector.url}`);
const broker = await findBroker();
let status = 1;
try {
  const gateway = await openShop();
  const scenarios = broker
    ? [SCENARIOS.product, SCENARIOS.failure, SCENARIOS.order]
    : [SCENARIOS.product, SCENARIOS.failure];
  for (const scenario of scenarios) await send(gateway.url, scenario);
  const problems = [];
  for (const scenario of scenarios) problems.push(...(await show(scenario)));
  for (const problem of problems) log(`missing: ${problem}`);
  status = problems.length === 0 ? 0 : 1;
  if (!flags.once) await goOn(gateway.url);
} finally {
  await stopServices();
  await collector.close();
  await broker?.stop();
}
process.exitCode = status;

async function findBroker() {
  log('looking for RabbitMQ …');
  try {
    return await rabbitmq();
  } catch (error) {
    log(`${error.message} The demo continues without orders.`);
    return undefined;
  }
}

async function openShop() {
  const environment = broker ? { AMQP_URL: broker.url } : {};
  const catalogue = await startService('catalogue', 'catalogue.cjs', collector.url, environment);
  if (broker) {
    await startService('orders', 'orders.cjs', collector.url, environment);
    await startService('notifier', 'notifier.mjs', collector.url, environment);
  }
  return startService('gateway', 'gateway.mjs', collector.url, {
    ...environment,
    CATALOGUE_URL: catalogue.url,
  });
}

async function send(url, { path, body, status: expected }) {
  const headers = { 'content-type': 'application/json' };
  const request = body ? { method: 'POST', headers, body: JSON.stringify(body) } : {};
  const response = await fetch(`${url}${path}`, request);
  await response.text();
  log(`${request.method ?? 'GET'} ${path} → ${response.status}`);
  if (response.status !== expected)
    throw new Error(`expected ${expected} from ${path}, got ${response.status}`);
}

/** Draws the newest trace of a scenario, and returns what is missing in it. */
async function show(scenario) {
  const deadline = Date.now() + 10_000;
  let trace;
  let missing = [`the trace of ${scenario.path}`];
  // Spans arrive in batches from several processes: wait for the last one.
  while (missing.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    trace = traceOf(scenario) ?? trace;
    if (trace) missing = missingFrom(trace, scenario);
  }
  if (trace && flags.svg && scenario === SCENARIOS.product)
    writeFileSync(flags.svg, renderWaterfallSvg(trace));
  if (trace) process.stdout.write(`\n${scenario.title}:\n\n${renderWaterfall(trace, { color, width })}\n`);
  return missing;
}

function traceOf({ path, status: expected }) {
  for (const { traceId } of collector.store.traces({ limit: 50 })) {
    const trace = collector.store.trace(traceId);
    const root = trace?.spans.find((span) => span.kind === 'SERVER' && span.parentSpanId === undefined);
    if (root === undefined || root.attributes['url.path'] !== path) continue;
    if (root.attributes['http.response.status_code'] === expected) return trace;
  }
  return undefined;
}

async function goOn(url) {
  log(`the shop is open: try  curl ${url}/products/42  and  npx clew show --last 1 --from ${collector.url}`);
  log('press Ctrl-C to stop');
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}

function log(text) {
  process.stderr.write(`demo: ${text}\n`);
}

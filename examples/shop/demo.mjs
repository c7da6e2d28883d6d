// `npm run demo`: starts the shop with the preload flag only, sends requests, shows the traces.
// `npm run demo -- --once` ends by itself, with status 0 only if the traces were complete; `--svg FILE` keeps a picture.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { renderWaterfall, renderWaterfallSvg, startCollector } from '@clew/viewer';
import { rabbitmq } from '../../integration-tests/services/rabbitmq.ts';
import { missingFrom, SCENES } from './expectations.mjs';
import { startService, stopServices } from './services.mjs';

const { values: flags } = parseArgs({
  options: { once: { type: 'boolean', default: false }, svg: { type: 'string' } },
});
const color = process.stdout.isTTY && !process.env.NO_COLOR;
const width = Math.min(process.stdout.columns ?? 110, 140);

const collector = await startCollector({ port: 0 });
say(`collecting traces on ${collector.url}`);
const broker = await findBroker();
let status = 1;
try {
  const gateway = await openShop();
  const scenes = broker ? [SCENES.product, SCENES.failure, SCENES.order] : [SCENES.product, SCENES.failure];
  for (const scene of scenes) await ask(gateway.url, scene);
  const problems = [];
  for (const scene of scenes) problems.push(...(await show(scene)));
  for (const problem of problems) say(`missing: ${problem}`);
  status = problems.length === 0 ? 0 : 1;
  if (!flags.once) await goOn(gateway.url);
} finally {
  await stopServices();
  await collector.close();
  await broker?.stop();
}
process.exitCode = status;

async function findBroker() {
  say('looking for RabbitMQ …');
  try {
    return await rabbitmq();
  } catch (error) {
    say(`${error.message} The demo goes on without orders.`);
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

async function ask(url, { path, body, status: expected }) {
  const headers = { 'content-type': 'application/json' };
  const request = body ? { method: 'POST', headers, body: JSON.stringify(body) } : {};
  const response = await fetch(`${url}${path}`, request);
  await response.text();
  say(`${request.method ?? 'GET'} ${path} → ${response.status}`);
  if (response.status !== expected)
    throw new Error(`expected ${expected} from ${path}, got ${response.status}`);
}

/** Draws the newest trace of a scene, and gives back what it lacks. */
async function show(scene) {
  const deadline = Date.now() + 10_000;
  let trace;
  let missing = [`the trace of ${scene.path}`];
  // Spans come in batches from several processes: wait until the last has come.
  while (missing.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    trace = traceOf(scene) ?? trace;
    if (trace) missing = missingFrom(trace, scene);
  }
  if (trace && flags.svg && scene === SCENES.product) writeFileSync(flags.svg, renderWaterfallSvg(trace));
  if (trace) process.stdout.write(`\n${scene.title}:\n\n${renderWaterfall(trace, { color, width })}\n`);
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
  say(`the shop is open: try  curl ${url}/products/42  and  npx clew show --last 1 --from ${collector.url}`);
  say('Ctrl-C ends it');
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}

function say(text) {
  process.stderr.write(`demo: ${text}\n`);
}

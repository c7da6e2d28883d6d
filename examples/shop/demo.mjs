// `npm run demo`: runs the shop with `clew run`, which draws its traces, and sends requests to it.
// `npm run demo -- --once` ends by itself, with status 0 if the traces were complete; `--svg FILE` saves an image.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rabbitmq } from '../../integration-tests/services/rabbitmq.ts';
import { missingFrom, SCENARIOS } from './expectations.mjs';

const { values: flags } = parseArgs({
  options: { once: { type: 'boolean', default: false }, svg: { type: 'string' } },
});
const clew = fileURLToPath(import.meta.resolve('@clew/viewer').replace(/index\.\w+$/, 'cli.js'));
const shop = fileURLToPath(new URL('shop.mjs', import.meta.url));

const broker = await findBroker();
const application = runShop(broker ? { AMQP_URL: broker.url } : {});
try {
  const collector = await application.printed(/shown at (http\S+)\//);
  const gateway = await application.printed(/gateway listens on (\S+)/);
  const problems = [];
  const { product, failure, order } = SCENARIOS;
  for (const scenario of broker ? [product, failure, order] : [product, failure]) {
    await send(gateway, scenario);
    problems.push(...(await missing(collector, scenario)));
  }
  for (const problem of problems) log(`missing: ${problem}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
  if (!flags.once) {
    log(`the traces are shown at ${collector}/`);
    log(`the shop is open: try  curl ${gateway}/products/42`);
    log('press Ctrl-C to stop');
    await application.ended;
  }
} finally {
  await application.stop();
  await broker?.stop();
}

async function findBroker() {
  log('looking for RabbitMQ …');
  try {
    return await rabbitmq();
  } catch (error) {
    log(`${error.message} The demo continues without orders.`);
    return undefined;
  }
}

function runShop(variables) {
  const color = process.stderr.isTTY && !process.env.NO_COLOR;
  const child = spawn(process.execPath, [clew, 'run', '--', 'node', shop], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...(color && { FORCE_COLOR: '1' }),
      OTEL_BSP_SCHEDULE_DELAY: '100',
      ...variables,
    },
  });
  let output = '';
  for (const name of ['stdout', 'stderr']) {
    child[name].on('data', (chunk) => {
      output += chunk;
    });
    child[name].pipe(process[name], { end: false });
  }
  const ended = once(child, 'close');
  // However the demo ends, the services end.
  process.once('exit', () => child.kill());
  // A terminal sends SIGINT to all processes.
  process.on('SIGINT', () => {});
  process.once('SIGTERM', () => child.kill('SIGTERM'));
  return {
    ended,
    /** Resolves to the group of a pattern once the application, or clew, has printed it. */
    async printed(pattern) {
      for (;;) {
        const [, found] = pattern.exec(output) ?? [];
        if (found !== undefined) return found;
        if (child.exitCode !== null) throw new Error(`the shop ended before it printed ${pattern}`);
        await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), ended]);
      }
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

async function send(gateway, { title, path, body, status: expected }) {
  const headers = { 'content-type': 'application/json' };
  const request = body ? { method: 'POST', headers, body: JSON.stringify(body) } : {};
  const response = await fetch(`${gateway}${path}`, request);
  await response.text();
  log(`${title}: ${request.method ?? 'GET'} ${path} → ${response.status}`);
  if (response.status !== expected)
    throw new Error(`expected ${expected} from ${path}, got ${response.status}`);
}

/** Waits until the trace of a scenario is drawn, and returns what is missing in it. */
async function missing(collector, scenario) {
  const deadline = Date.now() + 10_000;
  let found = [`the trace of ${scenario.path}`];
  // Spans arrive in batches from several processes: wait for the last one.
  while (found.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const trace = await traceOf(collector, scenario);
    if (trace === undefined) continue;
    found = missingFrom(trace, scenario);
    if (found.length > 0) continue;
    await application.printed(new RegExp(`(${trace.traceId})`));
    if (flags.svg && scenario === SCENARIOS.product)
      execFileSync(process.execPath, [clew, 'show', trace.traceId, '--svg', flags.svg, '--from', collector]);
  }
  return found;
}

async function traceOf(collector, { path, status: expected }) {
  const { traces } = await json(`${collector}/api/traces?limit=50&status=${expected}`);
  for (const { traceId } of traces) {
    const trace = await json(`${collector}/api/traces/${traceId}`);
    const root = trace.spans.find((span) => span.kind === 'SERVER' && span.parentSpanId === undefined);
    if (root?.attributes['url.path'] === path) return trace;
  }
  return undefined;
}

async function json(url) {
  return (await fetch(url)).json();
}

function log(text) {
  process.stderr.write(`demo: ${text}\n`);
}

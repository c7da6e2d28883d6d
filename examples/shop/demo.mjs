// `npm run demo`: starts the shop with the preload flag only, sends requests, shows the traces.
// `npm run demo -- --once` ends by itself, with status 0 only if the traces were complete; `--svg FILE` keeps a picture.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { renderWaterfall, renderWaterfallSvg, startCollector } from '@clew/viewer';
import { missingFrom } from './expectations.mjs';
import { startService, stopServices } from './services.mjs';

const { values: flags } = parseArgs({
  options: { once: { type: 'boolean', default: false }, svg: { type: 'string' } },
});
const color = process.stdout.isTTY && !process.env.NO_COLOR;
const width = Math.min(process.stdout.columns ?? 100, 140);

const collector = await startCollector({ port: 0 });
say(`collecting traces on ${collector.url}`);
let status = 1;
try {
  const catalogue = await startService('catalogue', 'catalogue.cjs', collector.url, {});
  const gateway = await startService('gateway', 'gateway.mjs', collector.url, {
    CATALOGUE_URL: catalogue.url,
  });

  const fine = await ask(`${gateway.url}/products/7`, 200);
  const failed = await ask(`${gateway.url}/products/13`, 502);
  const problems = [...(await show(fine, 'a request')), ...(await show(failed, 'a request that fails'))];
  for (const problem of problems) say(`missing: ${problem}`);
  status = problems.length === 0 ? 0 : 1;
  if (!flags.once) await goOn(gateway.url);
} finally {
  await stopServices();
  await collector.close();
}
process.exitCode = status;

async function ask(url, expected) {
  const response = await fetch(url);
  await response.text();
  say(`GET ${new URL(url).pathname} → ${response.status}`);
  if (response.status !== expected)
    throw new Error(`expected ${expected} from ${url}, got ${response.status}`);
  return expected;
}

async function show(expectedStatus, title) {
  const deadline = Date.now() + 10_000;
  let trace;
  let missing = ['the trace'];
  // Spans come in batches from two processes: wait until the last has come.
  while (missing.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    trace = newestTrace(expectedStatus);
    missing = trace ? missingFrom(trace, expectedStatus) : ['the trace'];
  }
  if (trace && flags.svg && expectedStatus === 200) writeFileSync(flags.svg, renderWaterfallSvg(trace));
  if (trace) process.stdout.write(`\n${title}:\n\n${renderWaterfall(trace, { color, width })}\n`);
  return missing;
}

function newestTrace(status) {
  for (const { traceId } of collector.store.traces({ limit: 50 })) {
    const trace = collector.store.trace(traceId);
    const isRoot = (span) => span.kind === 'SERVER' && span.parentSpanId === undefined;
    const root = trace?.spans.find(isRoot);
    if (root?.attributes['http.response.status_code'] === status) return trace;
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

// The program whose instructions are counted. Arguments: CASE VARIANT WARM_UP_ROUNDS ROUNDS REQUESTS URL
import { getPriority } from 'node:os';
import { cases } from './cases.mjs';

const [name, variant, ...numbers] = process.argv.slice(2);
const [warmUpRounds, rounds, requests] = numbers.map(Number);
const { part, work, calls = 1 } = cases[name];
const tracing = await setUp({ url: numbers[3], sampled: !variant.endsWith('-unsampled') });
const run = await theWork();

for (let round = 0; round < warmUpRounds; round++) await oneRound();
mark();
for (let round = 0; round < rounds; round++) {
  await oneRound();
  mark();
}
process.exit();

async function setUp(options) {
  if (variant.startsWith('clew')) return (await import('./clew.mjs')).clew(part, options);
  if (variant.startsWith('otel')) return (await import('./opentelemetry.mjs')).openTelemetry(part, options);
  return undefined;
}

/** Imported after the set-up, because plugins patch only modules that are loaded after it. */
async function theWork() {
  const module = await import(`../work/${part}.mjs`);
  if (part === 'tracer') return module[work](tracing.provider);
  if (part === 'http') return module[work]();
  const channels = module.channels();
  tracing?.patch(channels);
  return module[work](channels);
}

async function oneRound() {
  for (let i = 0; i < requests * calls; i++) run(i);
  await tracing?.flush();
}

/** Calls a function of the C library that nothing else calls: callgrind writes its counters there. */
function mark() {
  getPriority();
}

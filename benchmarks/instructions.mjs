// Counts the instructions that a request takes without tracing, with Clew and with OpenTelemetry. Unlike times, they do not
// depend on what else the machine does, so small differences are visible.
// npx node benchmarks/instructions.mjs [--only tracer,amqp,http] [--requests N] [--runs N] (after `npm run build`)
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { startChild } from './children.mjs';
import { environment } from './environment.mjs';
import { cases } from './instructions/cases.mjs';
import { findCounter, stopCounting } from './instructions/counters.mjs';
import { flags } from './instructions/flags.mjs';
import { table } from './instructions/table.mjs';
import { progressLine } from './progress.mjs';

const PARTS = ['tracer', 'amqp', 'http'];

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: PARTS.join() },
    requests: { type: 'string', default: '500' },
    runs: { type: 'string', default: '1' },
  },
});
const parts = values.only.split(',');
const unknown = parts.find((part) => !PARTS.includes(part));
if (unknown !== undefined) throw new Error(`--only: expected ${PARTS.join(', ')}, got ${unknown}`);
const [requests, runs] = ['requests', 'runs'].map(positive);

const counter = await findCounter();
if (counter === undefined) {
  console.log('instructions: needs hardware counters of perf, or valgrind: apt-get install valgrind');
} else {
  const { machine, versions } = environment();
  const packages = ['@clew/node', '@opentelemetry/sdk-trace', '@opentelemetry/instrumentation-amqplib'];
  packages.push('@opentelemetry/instrumentation-http');
  console.log(`${counter.label}, Node ${machine.node}, V8 ${process.versions.v8}, ${machine.platform}`);
  console.log(`${packages.map((name) => `${name} ${versions[name]}`).join(', ')}\n`);
  console.log(table(await countAll(counter)));
}

function positive(name) {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1) {
    throw new Error(`--${name}: expected a positive integer, got ${values[name]}`);
  }
  return number;
}

/** Returns the instructions of a request for each case, variant and run. */
async function countAll(counter) {
  const jobs = Object.entries(cases)
    .filter(([, { part }]) => parts.includes(part))
    .flatMap(([name, { variants }]) => variants.map((variant) => ({ name, variant, counts: [] })))
    .flatMap((job) => Array(runs).fill(job));
  const waiting = jobs.map((job, id) => ({ ...job, id }));
  const sink = startChild('sink.mjs');
  const progress = progressLine();
  const worker = async (port) => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      progress.show(`${job.name}: ${job.variant}, ${jobs.length - waiting.length} of ${jobs.length}`);
      job.counts.push(await countOne(counter, sink, port, job));
    }
  };
  try {
    const port = await sink.call('start');
    await Promise.all(Array.from({ length: availableParallelism() }, () => worker(port)));
  } finally {
    stopCounting();
    await sink.stop();
  }
  progress.clear();
  const counted = {};
  for (const { name, variant, counts } of jobs) {
    counted[name] ??= {};
    counted[name][variant] = counts;
  }
  return counted;
}

async function countOne({ warmUpRounds, rounds, count }, sink, port, { name, variant, id }) {
  const path = (rounds) => `${id}-${rounds}`;
  const command = (rounds) => {
    const url = `http://127.0.0.1:${port}/${path(rounds)}/v1/traces`;
    const numbers = [warmUpRounds, rounds, requests].map(String);
    return [process.execPath, ...flags, 'instructions/program.mjs', name, variant, ...numbers, url];
  };
  const instructions = (await count(command)) / requests;
  if (!(instructions > 0)) throw new Error(`${name}, ${variant}: expected a count, got ${instructions}`);
  const { spans } = await sink.call('counts', path(rounds));
  const expected = (warmUpRounds + rounds) * requests * (cases[name].spans[variant] ?? 0);
  if (spans !== expected) throw new Error(`${name}, ${variant}: expected ${expected} spans, got ${spans}`);
  return instructions;
}

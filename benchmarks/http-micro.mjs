// Measures what tracing adds to a request of node:http, without sockets: request and response are objects that no connection
// has. Small differences that the load of a machine hides in `npm run bench` are visible here.
// npx node benchmarks/http-micro.mjs (after `npm run build`)
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { variants } from './variants.mjs';
import { oneRequest } from './work/http.mjs';

const NAMES = ['bare', 'clew-unsampled', 'clew-1-policy', 'clew-1000-policies', 'clew-keep-errors', 'clew'];
const PROCESSES = 3;
const ROUNDS = 40;
const REQUESTS = 5000;

if (process.argv[2] === 'measure') measure();
else compare();

/** Prints the best of many rounds: other processes of the machine can only add time. */
function compare() {
  const best = Object.fromEntries(NAMES.map((name) => [name, Number.POSITIVE_INFINITY]));
  for (let run = 0; run < PROCESSES; run++) {
    for (const name of NAMES) {
      const { flags, env } = variants[name];
      const { stdout, stderr } = spawnSync(
        process.execPath,
        [...flags, fileURLToPath(import.meta.url), 'measure'],
        { env: { ...process.env, OTEL_TRACES_EXPORTER: 'none', ...env }, encoding: 'utf8' },
      );
      if (!(Number(stdout) > 0) || stderr !== '') throw new Error(`${name}: ${stdout}${stderr}`);
      best[name] = Math.min(best[name], Number(stdout));
    }
  }
  for (const [name, ns] of Object.entries(best)) {
    console.log(`${name}: ${ns.toFixed(0)} ns CPU, ${(ns - best.bare).toFixed(0)} ns more than bare`);
  }
}

function measure() {
  const serve = oneRequest();
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let count = 0; count < REQUESTS; count++) serve();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1000) / REQUESTS);
  }
  process.stdout.write(String(best));
}

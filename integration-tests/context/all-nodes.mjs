// Runs the cases on the pinned Node versions and prints a table or JSON.
// `node integration-tests/context/all-nodes.mjs [--json] [--stack] [version…]`; `--markdown` prints the table of the docs.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodeBinary, nodeVersions } from '../../scripts/node-versions.mjs';
import { groups } from './cases/all.mjs';
import { findRedis } from './redis.mjs';

const program = fileURLToPath(new URL('./run-cases.mjs', import.meta.url));
const args = process.argv.slice(2);
const versions = args.filter((arg) => !arg.startsWith('--'));
const manager = args.includes('--stack') ? 'stack' : 'async';

if (args.includes('--markdown')) process.stdout.write(markdown());
else await runAll();

async function runAll() {
  const redis = await findRedis();
  const runs = [];
  try {
    for (const version of versions.length > 0 ? versions : nodeVersions)
      runs.push(await runOn(version, redis));
  } finally {
    redis.stop();
  }
  if (args.includes('--json')) process.stdout.write(JSON.stringify(runs));
  else print(runs);
}

async function runOn(version, redis) {
  const { TRACEPARENT, TRACESTATE, BAGGAGE, NODE_OPTIONS, REDIS_URL, ...env } = process.env;
  if (redis.url) env.REDIS_URL = redis.url;
  const { stdout } = await promisify(execFile)(await nodeBinary(version), [program, manager], { env });
  return JSON.parse(stdout);
}

function print(runs) {
  for (const [index, { group, name, needs = '', skip }] of runs[0].results.entries()) {
    const outcomes = runs.map(({ node, results }) => `${node} ${results[index].withoutHelp ?? 'skipped'}`);
    process.stdout.write(
      `${group.padEnd(10)}${name.padEnd(62)}${needs.padEnd(15)}${outcomes.join(', ')}${skip ?? ''}\n`,
    );
  }
}

function markdown() {
  const cases = Object.values(groups).flat();
  const rows = cases.map(({ name, needs, reason }) =>
    needs === undefined ? `| ${name} | kept | |\n` : `| ${name} | needs \`${needs}\` | ${reason} |\n`,
  );
  return `| how the work runs | context with \`async\` | reason |\n|---|---|---|\n${rows.join('')}`;
}

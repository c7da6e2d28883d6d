// Runs the whole suite on each supported version of Node in turn; arguments are passed to jest.
// `npm run test:all -- --node 22.15.0,26 packages/core` selects versions and tests.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { nodeBinary, nodeVersions } from './node-versions.mjs';
import { testProjects } from './test-projects.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
const results = mkdtempSync(join(tmpdir(), 'clew-test-all-'));
process.on('exit', () => rmSync(results, { recursive: true, force: true }));

const { versions, jestArguments } = choose(process.argv.slice(2));
checkTypes();
const rows = [];
for (const version of versions) rows.push(await runSuite(version));
report(rows);
process.exitCode = rows.every(({ failed }) => failed.length === 0) ? 0 : 1;

function choose(args) {
  const at = args.indexOf('--node');
  if (at < 0) return { versions: nodeVersions, jestArguments: args };
  const wanted = (args[at + 1] ?? '').split(',');
  const chosen = wanted.map((each) =>
    nodeVersions.find((version) => version === each || version.startsWith(`${each}.`)),
  );
  if (chosen.includes(undefined)) {
    console.error(
      `test-all: expected --node to name some of ${nodeVersions.join(', ')}, got "${args[at + 1]}"`,
    );
    process.exit(2);
  }
  return { versions: chosen, jestArguments: args.toSpliced(at, 2) };
}

/** Checked once: the types do not depend on the version of Node. */
function checkTypes() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  for (const project of testProjects) {
    const { status } = spawnSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 1);
  }
}

async function runSuite(version) {
  const node = await nodeBinary(version);
  const outputFile = join(results, `${version}.json`);
  const files = countFiles(node);
  const begin = performance.now();
  console.log(`Node ${version}: ${files} test files …`);
  const args = ['--no-warnings', jest, '--json', `--outputFile=${outputFile}`, ...jestArguments];
  // Tests that start `node` or `npm` by name use this version, too.
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  const child = spawn(node, args, { cwd: root, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let done = 0;
  const output = [];
  for await (const line of createInterface({ input: child.stderr })) {
    output.push(line);
    const [, outcome, file] = /^(PASS|FAIL) (\S+)/.exec(stripVTControlCharacters(line)) ?? [];
    if (outcome === undefined) continue;
    done++;
    console.log(
      `Node ${version}: ${String(done).padStart(String(files).length)}/${files} ${outcome} ${file}`,
    );
  }
  return { version, seconds: (performance.now() - begin) / 1000, ...outcomeIn(outputFile, output) };
}

function countFiles(node) {
  const { stdout } = spawnSync(node, ['--no-warnings', jest, '--listTests', ...jestArguments], {
    cwd: root,
    encoding: 'utf8',
  });
  return stdout.split('\n').filter((line) => line !== '').length;
}

function outcomeIn(file, output) {
  let found;
  try {
    found = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    console.log(output.join('\n'));
    return { passed: 0, skipped: 0, failed: ['jest did not finish: see its output above'] };
  }
  const failed = found.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const path = name.slice(root.length + 1);
    const titles = assertionResults
      .filter((each) => each.status === 'failed')
      .map(({ fullName }) => fullName);
    if (titles.length === 0 && status === 'failed') titles.push('the file could not run');
    if (titles.length > 0) console.log(message);
    return titles.map((title) => `${path}: ${title}`);
  });
  return { passed: found.numPassedTests, skipped: found.numPendingTests, failed };
}

function report(rows) {
  console.log(
    `\n${'Node'.padEnd(10)}${['passed', 'failed', 'skipped', 'minutes'].map((each) => each.padStart(9)).join('')}`,
  );
  for (const { version, passed, failed, skipped, seconds } of rows) {
    const numbers = [passed, failed.length, skipped, (seconds / 60).toFixed(1)];
    console.log(`${version.padEnd(10)}${numbers.map((each) => String(each).padStart(9)).join('')}`);
  }
  for (const { version, failed } of rows)
    for (const title of failed) console.log(`\nFAILED on Node ${version}: ${title}`);
}

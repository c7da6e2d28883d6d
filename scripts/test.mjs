// Checks the types of the tests, then runs jest for the packages and the integration suites; arguments are passed
// to jest.
import { spawnSync } from 'node:child_process';
import { testProjects } from './test-projects.mjs';

for (const project of testProjects) run('node_modules/typescript/bin/tsc', '-p', project);
run('--no-warnings', 'node_modules/jest/bin/jest.js', ...process.argv.slice(2));

function run(...args) {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

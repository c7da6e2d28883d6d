// Runs jest over the packages and the integration suites; further arguments go to jest.
import { spawnSync } from 'node:child_process';

const jest = 'node_modules/jest/bin/jest.js';
const args = process.argv.slice(2);
const { status } = spawnSync(process.execPath, ['--no-warnings', jest, ...args], { stdio: 'inherit' });
process.exit(status ?? 1);

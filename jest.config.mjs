import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const { version } = JSON.parse(readFileSync(new URL('lerna.json', import.meta.url), 'utf8'));

const swc = [
  '@swc/jest',
  {
    jsc: {
      parser: { syntax: 'typescript' },
      target: 'es2023',
      // As in tsconfig.base.json.
      transform: { useDefineForClassFields: false },
    },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  },
];

// Jest does not load ES modules without a flag of Node.
const ES_MODULES = '(ai|ai70|@ai-sdk|eventsource-parser|@workflow|zod)';

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/packages', '<rootDir>/integration-tests', '<rootDir>/examples'],
  testMatch: ['**/test/**/*.test.ts', '<rootDir>/integration-tests/**/*.test.ts'],
  // Tests wait for child processes, which a busy machine may not run for seconds. No test measures this time.
  testTimeout: 120_000,
  // Most tests wait for child processes. With one worker, the default on two cores, the suites take twice as long.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // Tests of what is released collect all garbage, which takes long in a process that has run hundreds of suites.
  workerIdleMemoryLimit: '800MB',
  reporters: ['default', '<rootDir>/scripts/open-handle-reporter.mjs'],
  transform: { '^.+\\.m?ts$': swc, [`/node_modules/${ES_MODULES}/.+\\.m?js$`]: swc },
  transformIgnorePatterns: [`/node_modules/(?!${ES_MODULES}/)`],
  // Unit tests run on the sources; child processes of the integration suites run on what was built.
  moduleNameMapper: {
    '^@clew/([^/]+)$': '<rootDir>/packages/$1/src/index.ts',
    '^@clew/core/(plugin|internal)$': '<rootDir>/packages/core/src/$1.ts',
    '^@clew/node/internal$': '<rootDir>/packages/node/src/internal.ts',
  },
  globals: { __VERSION__: version },
};

import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('lerna.json', import.meta.url), 'utf8'));

export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/packages', '<rootDir>/integration-tests', '<rootDir>/examples'],
  testMatch: ['**/test/**/*.test.ts', '<rootDir>/integration-tests/**/*.test.ts'],
  testTimeout: 30_000,
  transform: {
    '^.+\\.m?ts$': [
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
    ],
  },
  // Unit tests run on the sources; child processes of the integration suites run on what was built.
  moduleNameMapper: {
    '^@clew/([^/]+)$': '<rootDir>/packages/$1/src/index.ts',
    '^@clew/core/(plugin|internal)$': '<rootDir>/packages/core/src/$1.ts',
  },
  globals: { __VERSION__: version },
};

import { pathToFileURL } from 'node:url';

type Run = () => void | Promise<void>;

/** The functions of a test runner that the suites use. */
export interface TestRunner {
  describe(name: string, body: () => void): void;
  readonly test: ((title: string, run: Run) => void) & { skip(title: string, run: Run): void };
  beforeAll(run: Run): void;
  afterAll(run: Run): void;
  afterEach(run: Run): void;
}

/**
 * The test runner that runs this file: the globals of Jest or Vitest, else `node:test`. Throws where Jest or Vitest
 * runs without its globals: tests registered with `node:test` would never be reported there.
 */
export function testRunner(): TestRunner {
  const globals = globalThis as Partial<TestRunner>;
  const { describe, test, beforeAll, afterAll, afterEach } = globals;
  if (describe && test && beforeAll && afterAll && afterEach)
    return { describe, test, beforeAll, afterAll, afterEach };
  if ('__vitest_worker__' in globalThis)
    throw new Error('@clew/testing: expected the globals of Vitest: set `test: { globals: true }`');
  if (isInsideJest())
    throw new Error('@clew/testing: expected the globals of Jest: remove `injectGlobals: false`');
  return nodeTestRunner();
}

/** In Jest, each test file has its own realm, to which Node's functions do not belong. */
function isInsideJest(): boolean {
  return process.env.JEST_WORKER_ID !== undefined && !(pathToFileURL instanceof Function);
}

/** Loaded on demand: under Jest and Vitest a second runner would report a second result. */
function nodeTestRunner(): TestRunner {
  const nodeTest = process.getBuiltinModule('node:test');
  const { describe, test, before, after, afterEach } = nodeTest;
  return {
    describe: (name, body) => void describe(name, body),
    test: Object.assign((title: string, run: Run) => void test(title, run), {
      skip: (title: string, run: Run) => void test.skip(title, run),
    }),
    beforeAll: (run) => before(run),
    afterAll: (run) => after(run),
    afterEach: (run) => afterEach(run),
  };
}

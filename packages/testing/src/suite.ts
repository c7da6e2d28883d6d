import { prepareRecorder, type Recorder } from './recorder.ts';
import { testRunner } from './test-runner.ts';

/** Tests to skip because the library lacks what they test: the reason by the title. */
export type Skips = Readonly<Record<string, string>>;

type Run = () => void | Promise<void>;

/** Tests by their titles. They are skipped by name if `missing` gives a reason. */
export interface SuiteTests {
  readonly tests: Readonly<Record<string, Run>>;
  /** What the library or its adapter lacks, as a reason. */
  readonly missing?: string | undefined;
}

/** A suite: its tests by their titles, and the recorder of their spans. */
export interface Suite {
  readonly name: string;
  readonly skips?: Skips | undefined;
  readonly recorder: Recorder;
  readonly tests: Readonly<Record<string, Run>>;
  /** Tests of features that not every library has. */
  readonly parts?: readonly SuiteTests[];
}

/** Returns all tests of a suite, and the reasons of the skipped ones, by their titles. */
export function testsOf({ tests, skips, parts = [] }: Suite): {
  readonly tests: Readonly<Record<string, Run>>;
  readonly skips: Skips;
} {
  const reasons: Record<string, string> = { ...skips };
  for (const { tests: lacking, missing } of parts)
    if (missing !== undefined) for (const title of Object.keys(lacking)) reasons[title] ??= missing;
  return { tests: Object.assign({ ...tests }, ...parts.map((part) => part.tests)), skips: reasons };
}

/**
 * Runs a suite in a `describe` with its name, and verifies its recorder after each test.
 * A skip whose title is not that of a test is a failure.
 */
export function runSuite(suite: Suite): void {
  const { tests, skips } = testsOf(suite);
  const { describe, test } = testRunner();
  describe(suite.name, () => {
    recordSpans(suite.recorder);
    declareTests(tests, skips);
    const unknown = Object.keys(skips).filter((title) => !(title in tests));
    if (unknown.length > 0) {
      test('skips name behaviours of the suite', () => {
        throw new Error(`no such behaviour: ${unknown.join('; ')}`);
      });
    }
  });
}

/** Runs tests that create no spans. */
export function runTests(name: string, tests: Suite['tests']): void {
  testRunner().describe(name, () => declareTests(tests, {}));
}

function declareTests(tests: Suite['tests'], skips: Skips): void {
  const { test } = testRunner();
  for (const [title, run] of Object.entries(tests)) {
    const reason = skips[title];
    if (reason === undefined) test(title, run);
    else test.skip(`${title} (${reason})`, run);
  }
}

/**
 * A recorder for the surrounding `describe` or file: installed before its tests, verified after each and stopped
 * after the last. Make instrumentations in the tests or in `beforeAll`: a tracer that was created earlier records nothing.
 *
 * @example
 * const recorder = recordSpans();
 * test('a query is a span', async () => {
 *   await knex('songs');
 *   const [span] = await recorder.take(1);
 *   expect(span?.name).toBe('SELECT songs');
 * });
 */
export function recordSpans(recorder: Recorder = prepareRecorder()): Recorder {
  const { beforeAll, afterAll, afterEach } = testRunner();
  beforeAll(() => recorder.start());
  afterEach(() => {
    recorder.sampling = 'all';
    recorder.verify();
  });
  afterAll(() => recorder.stop());
  return recorder;
}

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

interface Result {
  readonly name: string;
  readonly needs?: string;
  readonly reason?: string;
  readonly sync: boolean;
  readonly skip?: string;
  readonly withoutHelp?: string;
  readonly withHelp?: string;
}

interface Run {
  readonly node: string;
  readonly traceAtEnd: string;
  readonly results: readonly Result[];
}

/** Includes the download of a Node version. */
const TIMEOUT_MS = 300_000;
const NODES = ['22.15.0', '22', '24', '26'];

async function runOn(version: string, ...flags: string[]): Promise<Run> {
  const args = [join(__dirname, 'all-nodes.mjs'), '--json', ...flags, version];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    maxBuffer: 16 * 1024 * 1024,
  });
  process.stderr.write(stderr);
  const [run] = JSON.parse(stdout) as [Run];
  expect(run.node.slice(1).startsWith(version)).toBe(true);
  return run;
}

function testable({ results }: Run): readonly Result[] {
  return results.filter(({ skip }) => skip === undefined);
}

describe.each(NODES)('on Node %s', (version) => {
  test(
    'keeps the contexts of two concurrent requests, without help or with the function that the table names',
    async () => {
      const run = await runOn(version);
      expect(testable(run).length).toBeGreaterThan(60);
      const wrong = testable(run).filter(({ needs, withoutHelp, withHelp }) =>
        needs === undefined ? withoutHelp !== 'follows' : withoutHelp === 'follows' || withHelp !== 'follows',
      );
      expect(wrong).toEqual([]);
      expect(run.traceAtEnd).toBe('none');
    },
    TIMEOUT_MS,
  );

  test(
    'the context manager stack keeps the context of synchronous and of bound work',
    async () => {
      const run = await runOn(version, '--stack');
      expect(testable(run).filter(({ sync }) => sync).length).toBeGreaterThan(5);
      const wrong = testable(run).filter(
        ({ sync, withoutHelp, withHelp }) => withHelp !== 'follows' || (sync && withoutHelp !== 'follows'),
      );
      expect(wrong).toEqual([]);
      expect(run.traceAtEnd).toBe('none');
    },
    TIMEOUT_MS,
  );
});

test('docs/context.md contains the table of the cases', async () => {
  const args = [join(__dirname, 'all-nodes.mjs'), '--markdown'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout.length).toBeGreaterThan(1000);
  const document = readFileSync(join(__dirname, '..', '..', 'docs', 'context.md'), 'utf8');
  expect(unpadded(document)).toContain(unpadded(stdout.trim()));
});

/** Normalizes the white space of tables. */
function unpadded(markdown: string): string {
  return markdown.replace(/[ \t]*\|[ \t]*/g, '|').replace(/-{3,}/g, '---');
}

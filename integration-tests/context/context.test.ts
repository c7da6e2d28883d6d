import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

interface Result {
  readonly way: string;
  readonly needs?: string;
  readonly reason?: string;
  readonly sync: boolean;
  readonly skip?: string;
  readonly plain?: string;
  readonly helped?: string;
}

interface Run {
  readonly node: string;
  readonly left: string;
  readonly results: readonly Result[];
}

/** Includes the download of a Node version. */
const TIMEOUT_MS = 300_000;
const NODES = ['22.15.0', '22', '24', '26'];

async function runOn(version: string, ...flags: string[]): Promise<Run> {
  const args = [join(__dirname, 'run.mjs'), '--json', ...flags, version];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    maxBuffer: 16 * 1024 * 1024,
  });
  process.stderr.write(stderr);
  const [run] = JSON.parse(stdout) as [Run];
  expect(run.node.slice(1).startsWith(version)).toBe(true);
  return run;
}

function tried({ results }: Run): readonly Result[] {
  return results.filter(({ skip }) => skip === undefined);
}

describe.each(NODES)('on Node %s', (version) => {
  test(
    'two concurrent requests keep their contexts, without help or with the function that the table names',
    async () => {
      const run = await runOn(version);
      expect(tried(run).length).toBeGreaterThan(60);
      const wrong = tried(run).filter(({ needs, plain, helped }) =>
        needs === undefined ? plain !== 'follows' : plain === 'follows' || helped !== 'follows',
      );
      expect(wrong).toEqual([]);
      expect(run.left).toBe('none');
    },
    TIMEOUT_MS,
  );

  test(
    'with the manager stack, synchronous work keeps its context, and so does work that is bound',
    async () => {
      const run = await runOn(version, '--stack');
      expect(tried(run).filter(({ sync }) => sync).length).toBeGreaterThan(5);
      const wrong = tried(run).filter(
        ({ sync, plain, helped }) => helped !== 'follows' || (sync && plain !== 'follows'),
      );
      expect(wrong).toEqual([]);
      expect(run.left).toBe('none');
    },
    TIMEOUT_MS,
  );
});

test('docs/context.md shows this table', async () => {
  const args = [join(__dirname, 'run.mjs'), '--markdown'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout.length).toBeGreaterThan(1000);
  const document = readFileSync(join(__dirname, '..', '..', 'docs', 'context.md'), 'utf8');
  expect(unpadded(document)).toContain(unpadded(stdout.trim()));
});

/** Normalizes the white space of tables. */
function unpadded(markdown: string): string {
  return markdown.replace(/[ \t]*\|[ \t]*/g, '|').replace(/-{3,}/g, '---');
}

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const PACKAGES = ['core', 'node', 'osprofiler', 'sampling', 'testing', 'tracer', 'viewer'];

/** Wide enough to name what changed, short enough to read in a terminal. */
const MAX_LINES = 20;

describe('the exports are those of the committed API report:', () => {
  test.each(PACKAGES)('%s', (name) => {
    const built = reportsIn(join(root, 'packages', name, '.types', 'api'));
    const committed = reportsIn(join(root, 'packages', name, 'api'));
    expect(built.size).toBeGreaterThan(0);
    const changes = [...new Set([...built.keys(), ...committed.keys()])].flatMap((file) =>
      changesOf(`packages/${name}/api/${file}`, committed.get(file), built.get(file)),
    );
    if (changes.length > 0) {
      throw new Error(
        `Exports differ from the report. If that is intended, run \`npm run api -- --write\` and commit it.\n${changes.slice(0, MAX_LINES).join('\n')}`,
      );
    }
  });
});

function reportsIn(folder: string): Map<string, readonly string[]> {
  const files = globSync('*.api.md', { cwd: folder });
  return new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8').split(/\r?\n/)]));
}

function changesOf(path: string, committed: readonly string[] = [], built: readonly string[] = []): string[] {
  const removed = committed.filter((line) => !built.includes(line)).map((line) => `- ${line}`);
  const added = built.filter((line) => !committed.includes(line)).map((line) => `+ ${line}`);
  const isSame = committed.join('\n') === built.join('\n');
  return isSame ? [] : [`${path}:`, ...removed, ...added];
}

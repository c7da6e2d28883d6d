import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder;

/** Writes policies to a file that exists as long as this process, and returns its path. */
export function policyFile(name, policies) {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), 'clew-bench-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  }
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify({ policies }));
  return file;
}

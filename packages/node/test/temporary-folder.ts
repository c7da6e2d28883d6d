import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for the files of one test file. It is removed after the tests. */
export function temporaryFolder() {
  let folder: string;
  let count = 0;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'clew-node-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const pathOf = (name: string) => join(folder, name);
  return {
    pathOf,
    /** Writes a file, and returns its path; objects are written as JSON. */
    file(content: string | object, name = `${count++}.yaml`): string {
      const path = pathOf(name);
      writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
      return path;
    },
  };
}

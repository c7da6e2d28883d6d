import { Buffer } from 'node:buffer';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSnapshot, readSnapshotSync } from '../src/providers/file-snapshot.ts';

const MIB = 1_048_576;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-snapshot-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => jest.restoreAllMocks());

describe.each([
  ['at once', async (path: string, maxBytes: number) => readSnapshotSync(path, maxBytes)],
  ['later', readSnapshot],
])('a file that is read %s', (_title, read) => {
  test('takes memory in proportion to its size, not to the limit', async () => {
    const path = join(folder, 'small');
    writeFileSync(path, 'ä'.repeat(1000));
    const allocate = jest.spyOn(Buffer, 'allocUnsafe');
    expect(await read(path, MIB)).toEqual({ kind: 'content', text: 'ä'.repeat(1000) });
    expect(allocate.mock.calls.length).toBeGreaterThan(0);
    expect(Math.max(...allocate.mock.calls.map(([size]) => size))).toBeLessThan(10_000);
  });

  test('is read as a whole at the limit, and refused above it', async () => {
    const path = join(folder, 'limit');
    writeFileSync(path, 'x'.repeat(5000));
    expect(await read(path, 5000)).toEqual({ kind: 'content', text: 'x'.repeat(5000) });
    expect(await read(path, 4999)).toMatchObject({ kind: 'failed', cause: 'tooLarge' });
  });

  const testOfProc = process.platform === 'linux' ? test : test.skip;
  testOfProc('is read to its end where its size is not known', async () => {
    const path = '/proc/self/mountinfo';
    const text = readFileSync(path, 'utf8');
    expect(await read(path, MIB)).toEqual({ kind: 'content', text });
    expect(await read(path, 100)).toMatchObject({ kind: 'failed', cause: 'tooLarge' });
  });
});

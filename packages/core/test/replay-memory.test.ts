import { createHash } from 'node:crypto';
import { ReplayMemory } from '../src/propagation/replay-memory.ts';

const digest = (index: number) => createHash('sha256').update(String(index)).digest();
const AGE_MS = 60_000;

test('a digest is known until its signature expires', () => {
  const memory = new ReplayMemory(AGE_MS, 1000);
  const begin = 1_790_000_000_000;
  for (let i = 0; i < 5000; i++) expect(memory.add(digest(i), begin, begin)).toBe('new');
  for (let i = 0; i < 5000; i++) expect(memory.add(digest(i), begin, begin + AGE_MS)).toBe('known');
});

test('the bytes of a thousand signatures a second for ten minutes stay below four million', () => {
  const memory = new ReplayMemory(AGE_MS, 1000);
  let most = 0;
  const buffer = Buffer.alloc(8);
  for (let second = 0; second < 600; second++) {
    const now = 1_790_000_000_000 + 1000 * second;
    for (let i = 0; i < 1000; i++) {
      buffer.writeUInt32LE(Math.imul(1000 * second + i + 1, 0x9e3779b1) >>> 0, 0);
      buffer.writeUInt32LE(1000 * second + i + 1, 4);
      memory.add(buffer, now, now);
    }
    most = Math.max(most, memory.bytes);
  }
  expect(most).toBeLessThan(4_000_000);
});

test('an unused memory takes almost no space', () => {
  const memory = new ReplayMemory(AGE_MS, 100_000);
  expect(memory.bytes).toBe(0);
  memory.add(digest(1), 0, 0);
  expect(memory.bytes).toBeLessThan(4096);
});

test('digests with the same prefix are distinguished', () => {
  const memory = new ReplayMemory(AGE_MS, 1000);
  const alike = (low: number) => {
    const buffer = Buffer.alloc(8);
    buffer.writeUInt32LE(low, 4);
    return buffer;
  };
  for (let low = 1; low < 2000; low++) expect(memory.add(alike(low), 0, 0)).toBe('new');
  for (let low = 1; low < 2000; low++) expect(memory.add(alike(low), 0, 0)).toBe('known');
});

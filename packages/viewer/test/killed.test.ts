import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TraceStore } from '../src/store.ts';
import { startCollect } from './clew-process.ts';
import { post, rootSpan } from './sampling/posted-spans.ts';

const SENDERS = 4;
/** More than the collector stores in one part. */
const SPANS = 1200;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-killed-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sends requests until one fails. Calls `acknowledge` with the numbers of the spans of each that got its response. */
async function send(url: string, next: () => number, acknowledge: (numbers: readonly number[]) => void) {
  for (;;) {
    const numbers = Array.from({ length: SPANS }, next);
    const sent = await post(
      url,
      numbers.map((number) => rootSpan(number, { text: `span ${number}` })),
    ).catch(() => 'failed');
    if (sent === 'failed') return;
    acknowledge(numbers);
  }
}

test('acknowledged spans survive SIGKILL', async () => {
  const file = join(folder, 'traces.db');
  const acknowledged: number[] = [];
  let number = 0;
  // The second and third collector continue the file of a killed one.
  for (let round = 1; round <= 3; round++) {
    const collector = await startCollect('--store', file);
    const { promise, resolve } = Promise.withResolvers<void>();
    const senders = Array.from({ length: SENDERS }, () =>
      send(
        collector.url,
        () => number++,
        (numbers) => {
          acknowledged.push(...numbers);
          if (acknowledged.length >= round * 6 * SPANS) resolve();
        },
      ),
    );
    await promise;
    const exit = once(collector.process, 'exit');
    collector.process.kill('SIGKILL');
    expect(await exit).toEqual([null, 'SIGKILL']);
    await Promise.all(senders);
  }
  const store = new TraceStore({ file });
  const missing = acknowledged.filter((each) => {
    const [span] = store.trace((each + 1).toString(16).padStart(32, '0'))?.spans ?? [];
    return span?.attributes.text !== `span ${each}`;
  });
  expect([acknowledged.length >= 18 * SPANS, missing]).toEqual([true, []]);
  const { traces, spans } = store.counts();
  expect(spans).toBe(traces);
  store.close();
}, 120_000);

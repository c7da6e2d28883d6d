import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Policies in a file, and as the collector serves them. */
export const YAML = `policies:
  - id: health
    match: { path: /health }
    keep: { never: true }
  - id: shop
    match: { service: 'shop*' }
    keep: { ratio: 0.25, onError: true }
`;
export const POLICIES = [
  { id: 'health', match: { path: '/health' }, keep: { never: true } },
  { id: 'shop', match: { service: 'shop*' }, keep: { ratio: 0.25, onError: true } },
];

/** The path at which a collector serves them. */
export const PATH = '/v1/sampling/policies';

/** Replaces a file as editors do. */
export function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/** Waits until a condition holds, for at most a minute. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not in time: ${holds}`);
    await wait(20);
  }
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Observation } from './observation.ts';

/** What one process or worker thread reported, in the order of the events. */
export type Observed = readonly Observation[];

/** Reads the lines of all processes, the first one first. A line that was cut when its process was killed is left out. */
export function readObservations(folder: string): Observed[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  const startOf = (name: string) => BigInt(/-(\d+)\./.exec(name)?.[1] ?? 0);
  files.sort((a, b) => (startOf(a) < startOf(b) ? -1 : 1));
  return files.map((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .flatMap((line) => parse(line) ?? []),
  );
}

/** Returns the observations of one kind. */
export function ofKind<Kind extends Observation['kind']>(
  observed: Observed,
  kind: Kind,
): Extract<Observation, { kind: Kind }>[] {
  return observed.filter((each): each is Extract<Observation, { kind: Kind }> => each.kind === kind);
}

function parse(line: string): Observation | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

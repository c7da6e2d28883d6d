import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Version = readonly [major: number, minor: number, patch: number];

/** The version of the package in a folder. Throws if there is none. */
export function versionOf(folder: string): string {
  return String(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version);
}

/**
 * Whether a version is in a range: `*`, or comparators as in `>=1.10 <2`, which all must hold. Prereleases count as the
 * version itself. Throws for any other form of a range.
 */
export function isInRange(version: string, range: string): boolean {
  if (range === '*') return true;
  const parsed = parse(version);
  return range.split(' ').every((comparator) => {
    const [, sign, bound = ''] = /^(>=|<)(\d+(?:\.\d+){0,2})$/.exec(comparator) ?? [];
    if (sign === undefined)
      throw new TypeError(`@clew/core: expected a range such as ">=1.10 <2", got "${range}"`);
    const order = compare(parsed, parse(bound));
    return sign === '<' ? order < 0 : order >= 0;
  });
}

function parse(version: string): Version {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return [major, minor, patch];
}

function compare(one: Version, other: Version): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
}

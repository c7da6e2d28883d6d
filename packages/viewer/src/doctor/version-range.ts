const COMPARATOR = /^(>=|<=|>|<|=)?v?(\d+(?:\.\d+){0,2})$/;

/**
 * Whether a version fulfils a range of comparators such as `>=4.8 <6`, or one of several separated by `||`. Pre-releases
 * count as the release. A range in another notation counts as fulfilled.
 */
export function satisfies(version: string, range: string): boolean {
  const parts = numbersOf(version);
  return range.split('||').some((alternative) =>
    alternative
      .trim()
      .split(/\s+/)
      .every((comparator) => {
        const [, operator = '=', bound] = COMPARATOR.exec(comparator) ?? [];
        if (bound === undefined || parts === undefined) return true;
        const order = compare(parts, numbersOf(bound) ?? []);
        if (operator === '>=') return order >= 0;
        if (operator === '<=') return order <= 0;
        return operator === '>' ? order > 0 : operator === '<' ? order < 0 : order === 0;
      }),
  );
}

function numbersOf(version: string): readonly number[] | undefined {
  const [numbers] = /^\d+(\.\d+){0,2}/.exec(version) ?? [];
  return numbers?.split('.').map(Number);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < 3; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

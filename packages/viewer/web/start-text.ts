/** A time of day in UTC with its date; `-` for one that no date can have. */
export function startText(unixNano: bigint): string {
  const date = new Date(Number(unixNano / 1_000_000n));
  return Number.isNaN(date.getTime()) ? '-' : date.toISOString().replace('T', ' ').replace('Z', '');
}

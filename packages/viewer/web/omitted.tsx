import { plural } from '../src/plural.ts';

/** States how many of many items are not shown; nothing if all are. */
export function Omitted({ count, of: noun }: { readonly count: number; readonly of: string }) {
  if (count <= 0) return null;
  return <p class="quiet omitted">{plural(count, `more ${noun}`)} not shown</p>;
}

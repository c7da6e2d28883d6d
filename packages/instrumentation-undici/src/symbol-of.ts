/** undici keeps its state under symbols, of which each copy of the library has its own: finds one by its description. */
export function symbolOf(holder: unknown, description: string): symbol | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined;
  return Object.getOwnPropertySymbols(holder).find((each) => each.description === description);
}

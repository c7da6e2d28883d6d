// Readable on light and dark backgrounds. Red is reserved for errors.
const SERVICE_COLOURS = [
  '#3b82f6',
  '#10a37f',
  '#d98a00',
  '#a15cd6',
  '#0e9bb0',
  '#d6539b',
  '#7c8a00',
  '#8a6d5b',
] as const;

/** The colour of each service, in the order of the list. */
export function coloursOf(services: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    services.map((service, index) => [service, SERVICE_COLOURS[index % SERVICE_COLOURS.length]!]),
  );
}

const NAMES = ['text', 'quiet', 'line', 'ground', 'accent', 'error'] as const;

/** The colours of the style sheet, which a canvas can't refer to. */
export type Theme = { readonly [Name in (typeof NAMES)[number]]: string };

/** Reads the colours in force, light or dark. */
export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Theme;
}

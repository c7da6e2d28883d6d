import { remembered } from '../kit/remembered.ts';

/** Replaces a name that was generated at run time in the name of a span. */
export const TEMPORARY = '(temporary)';

/** An id is not adjacent to a letter or digit. */
const START = '(?<![0-9a-z])';
const END = '(?![0-9a-z])';

/**
 * Patterns of generated ids: UUIDs; ULIDs; 16 or more hex digits (ObjectIds, hashes); five or more decimal
 * digits (sequences, Snowflakes, dates); and 20 or more letters and digits that change at least twice (KSUIDs, cuids).
 */
const IDS = [
  '[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}',
  '[0-7][0-9a-hjkmnp-tv-z]{25}',
  '[0-9a-f]{16,}',
  '[0-9]{5,}',
  '(?=[a-z]*[0-9]+[a-z]+[0-9])[0-9a-z]{20,}',
];

/** A placeholder in a template. It matches one word, up to a separator of the broker. */
const PLACEHOLDER = /\{[^{}]*\}/;
const WORD = '[^./:]+';

/**
 * Creates a function that replaces generated parts of names, so that the cardinality of span names stays low:
 * `user.0b7c3c5e-….login` becomes `user.(temporary).login`. Ids are recognised by their pattern; `pattern` adds the names
 * that a broker generates. A name that matches one of `templates`, such as `user.{name}.login`, becomes that template.
 */
export function labeller(pattern?: RegExp, templates: readonly string[] = []): (name: string) => string {
  const ids = IDS.map((id) => `${START}${id}${END}`).join('|');
  const temporary = new RegExp(pattern ? `${pattern.source}|${ids}` : ids, 'gi');
  const matchers = templates.map((template) => ({ template, fits: matcherOf(template) }));
  return remembered(
    (name: string) =>
      matchers.find(({ fits }) => fits.test(name))?.template ?? name.replace(temporary, TEMPORARY),
  );
}

function matcherOf(template: string): RegExp {
  const literals = template.split(PLACEHOLDER).map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(`^${literals.join(WORD)}$`);
}

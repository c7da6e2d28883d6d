import { type OptionKind, option } from '../kit/options.ts';
import { remembered } from '../kit/remembered.ts';

/** Stands in a span's name for what is made up at run time. */
export const TEMPORARY = '(temporary)';

/** Neither a letter nor a digit is beside an id. */
const START = '(?<![0-9a-z])';
const END = '(?![0-9a-z])';

/**
 * Ids of databases, by their form: UUIDs; ULIDs; 16 or more hex digits (ObjectIds, hashes); five or more decimal
 * digits (sequences, Snowflakes, dates); and 20 or more letters and digits that change at least twice (KSUIDs, cuids).
 */
const IDS = [
  '[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}',
  '[0-7][0-9a-hjkmnp-tv-z]{25}',
  '[0-9a-f]{16,}',
  '[0-9]{5,}',
  '(?=[a-z]*[0-9]+[a-z]+[0-9])[0-9a-z]{20,}',
];

/** A placeholder in a template. It stands for one word: the separators of brokers end it. */
const PLACEHOLDER = /\{[^{}]*\}/;
const WORD = '[^./:]+';

/** The option of a broker's plugin for `labeller`: `['user.{id}.created']`. */
export const destinationTemplatesOption: OptionKind<readonly string[]> = option.strings([]);

/**
 * Makes a function that replaces names made up at run time in span names, where they would be without bound:
 * `user.0b7c3c5e-….login` becomes `user.(temporary).login`. Ids of databases are found by their form; `pattern` adds
 * what a broker makes up itself. A name that fits one of `templates`, such as `user.{name}.login`, becomes that template.
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

import { expectFit, show } from './expect-fit.ts';

/**
 * One option of a plugin: its default, what it accepts (quoted in errors), and how it is read from an
 * environment variable. `read` is missing if no text can express the value (functions).
 */
export interface OptionKind<T> {
  readonly default: T;
  readonly expected: string;
  accepts(value: unknown): boolean;
  read?(text: string, source?: OptionSource): unknown;
}

/** What `read` may use while it reads an environment variable. */
export interface OptionSource {
  /** Loads the export that `package#export` names. Throws an error with the reason if that fails. */
  load(reference: string): unknown;
  /** Logs why a part of the text is ignored. */
  warn(reason: string): void;
}

/** The options of a plugin by name. */
export type OptionKinds = Readonly<Record<string, OptionKind<unknown>>>;

/** The values of a plugin's options, all present. */
export type OptionsOf<K extends OptionKinds> = {
  readonly [Name in keyof K]: K[Name] extends OptionKind<infer T> ? T : never;
};

const FLAG_WORDS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** An option that is true or false. */
function boolean(fallback: boolean): OptionKind<boolean> {
  return {
    default: fallback,
    expected: 'true or false',
    accepts: (value) => typeof value === 'boolean',
    read: (text) => FLAG_WORDS.get(text.toLowerCase()) ?? text,
  };
}

/** An option that is one of the given words. */
function oneOf<const T extends string>(words: readonly T[], fallback: T): OptionKind<T> {
  return {
    default: fallback,
    expected: words.map((word) => `"${word}"`).join(' | '),
    accepts: (value) => words.includes(value as T),
    read: (text) => text,
  };
}

/** An option that is a list of the given words; empty by default. */
function listOf<const T extends string>(words: readonly T[]): OptionKind<readonly T[]> {
  return {
    default: [],
    expected: `a list of ${words.map((word) => `"${word}"`).join(' | ')}`,
    accepts: (value) => Array.isArray(value) && value.every((item) => words.includes(item)),
    read: splitList,
  };
}

/** An option that is a number in [min, max]. */
function number(min: number, max: number, fallback: number): OptionKind<number> {
  return {
    default: fallback,
    expected: `a number in [${min}, ${max}]`,
    accepts: (value) => typeof value === 'number' && value >= min && value <= max,
    read: (text) => (text.trim() === '' ? text : Number(text)),
  };
}

/** One pattern of an `option.patterns()`: an exact text, a regular expression, or a predicate. */
export type Pattern = string | RegExp | ((text: string) => boolean);

/** An option that is a list of patterns; empty by default. */
function patterns(): OptionKind<readonly Pattern[]> {
  return {
    default: [],
    expected: 'a list of strings, RegExps and functions',
    accepts: (value) => Array.isArray(value) && value.every(isPattern),
    read: splitList,
  };
}

/** An option that is a list of strings. */
function strings(fallback: readonly string[]): OptionKind<readonly string[]> {
  return {
    default: fallback,
    expected: 'a list of strings',
    accepts: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
    read: splitList,
  };
}

/** An optional option whose type `accepts` checks. As an environment variable: JSON, or the text itself. */
function custom<T>(expected: string, accepts: (value: unknown) => value is T): OptionKind<T | undefined> {
  return {
    default: undefined,
    expected,
    accepts: (value) => value === undefined || accepts(value),
    read: (text) => (/^\s*[[{]/.test(text) ? parseJson(text) : text),
  };
}

/** The value of a JSON text; a malformed text itself. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** An option that is a user's function, called at an event; `undefined` by default. */
function hook<F extends (...args: never[]) => unknown>(): OptionKind<F | undefined> {
  return {
    default: undefined,
    expected: 'a function',
    accepts: (value) => value === undefined || typeof value === 'function',
  };
}

/** Whether any of the patterns matches; a stateful expression (`g`, `y`) is matched from the start of the text. */
export function matchesAny(list: readonly Pattern[], text: string): boolean {
  for (const pattern of list) {
    if (
      typeof pattern === 'string'
        ? pattern === text
        : isFunction(pattern)
          ? pattern(text)
          : text.search(pattern) >= 0
    ) {
      return true;
    }
  }
  return false;
}

/**
 * Fills in defaults. Throws a TypeError that names the option, the expected type and the given value:
 * `@clew/instrumentation-express: expected layers to be "none" | "slow" | "all", got "some"`.
 */
export function resolveOptions<K extends OptionKinds>(owner: string, kinds: K, given: object): OptionsOf<K> {
  expectFit(owner, typeof given === 'object' && given !== null, 'options to be an object', given);
  // A copy whose values are replaced: V8 reads an object slowly that got more than a dozen properties one by one.
  const resolved: Record<string, unknown> = { ...kinds };
  for (const [name, kind] of Object.entries(kinds)) {
    const value: unknown =
      (Object.hasOwn(given, name) ? Reflect.get(given, name) : undefined) ?? kind.default;
    expectFit(owner, kind.accepts(value), `${name} to be ${kind.expected}`, value);
    resolved[name] = value;
  }
  for (const name of Object.keys(given)) {
    if (name === 'enabled' || Object.hasOwn(kinds, name)) continue;
    const known = Object.keys(kinds).join(', ');
    throw new TypeError(`${owner}: there is no option ${show(name)}; the options are ${known || 'none'}`);
  }
  return resolved as OptionsOf<K>;
}

/** The trimmed, non-empty items of a comma-separated list. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function isPattern(value: unknown): value is Pattern {
  return typeof value === 'string' || typeof value === 'function' || value instanceof RegExp;
}

function isFunction(pattern: Exclude<Pattern, string>): pattern is (text: string) => boolean {
  return typeof pattern === 'function';
}

/** Declares the options of a plugin: each with its check, its form as text and its default. */
export const option = { boolean, custom, hook, listOf, number, oneOf, patterns, strings } as const;

/**
 * One option of a plugin: its default, what it accepts (quoted in errors), and how it is read from an
 * environment variable. `read` is missing where text cannot say it (functions).
 */
export interface OptionKind<T> {
  readonly default: T;
  readonly expected: string;
  accepts(value: unknown): boolean;
  read?(text: string, source?: OptionSource): unknown;
}

/** The environment variable that an option is read from. */
export interface OptionSource {
  /** Loads what `package#export` names. Throws an error that says why where that cannot be done. */
  load(reference: string): unknown;
  /** Logs why a part of the text is left out. */
  warn(reason: string): void;
}

/** The options of a plugin by name. */
export type OptionKinds = Readonly<Record<string, OptionKind<unknown>>>;

/** The values that a plugin's option kinds stand for, all present. */
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

/** An option that is one of a few words. */
function oneOf<const T extends string>(words: readonly T[], fallback: T): OptionKind<T> {
  return {
    default: fallback,
    expected: words.map((word) => `"${word}"`).join(' | '),
    accepts: (value) => words.includes(value as T),
    read: (text) => text,
  };
}

/** An option that is a list of a few words. */
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

/** What `patterns` accepts: an exact text, an expression, or a function that decides. */
export type Pattern = string | RegExp | ((text: string) => boolean);

/** An option that is a list of texts, expressions and deciding functions. */
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

/** An option that may be missing, and otherwise has a shape of its own; text is JSON or the value itself. */
function custom<T>(expected: string, accepts: (value: unknown) => value is T): OptionKind<T | undefined> {
  return {
    default: undefined,
    expected,
    accepts: (value) => value === undefined || accepts(value),
    read: (text) => (/^\s*[[{]/.test(text) ? parseJson(text) : text),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** An optional function of the user's, called when something happens. */
function hook<F extends (...args: never[]) => unknown>(): OptionKind<F | undefined> {
  return {
    default: undefined,
    expected: 'a function',
    accepts: (value) => value === undefined || typeof value === 'function',
  };
}

/** Whether any of the patterns matches; an expression with state (`g`, `y`) is matched from its start. */
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
 * Fills in defaults. Throws a TypeError that names the option, what was expected and what came:
 * `@clew/instrumentation-express: expected layers to be "none" | "slow" | "all", got "some"`.
 */
export function resolveOptions<K extends OptionKinds>(owner: string, kinds: K, given: object): OptionsOf<K> {
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`${owner}: expected options to be an object, got ${show(given)}`);
  const resolved: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(kinds)) {
    const value: unknown =
      (Object.hasOwn(given, name) ? Reflect.get(given, name) : undefined) ?? kind.default;
    if (!kind.accepts(value))
      throw new TypeError(`${owner}: expected ${name} to be ${kind.expected}, got ${show(value)}`);
    resolved[name] = value;
  }
  for (const name of Object.keys(given)) {
    if (name === 'enabled' || Object.hasOwn(kinds, name)) continue;
    const known = Object.keys(kinds).join(', ');
    throw new TypeError(`${owner}: there is no option ${show(name)}; the options are ${known || 'none'}`);
  }
  return resolved as OptionsOf<K>;
}

/** A value as an error message quotes it, cut at 80 characters. */
export function show(value: unknown): string {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : typeof value === 'function'
        ? 'a function'
        : safeString(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function safeString(value: unknown): string {
  try {
    return typeof value === 'object' && value !== null
      ? (JSON.stringify(value) ?? 'an object')
      : String(value);
  } catch {
    return 'an object';
  }
}

/** The parts of a list with commas. */
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

/** The kinds of options that a plugin can have, each with its check, its text form and its default. */
export const option = { boolean, custom, hook, listOf, number, oneOf, patterns, strings } as const;

import { show } from '@clew/core/internal';
import { diag } from '@opentelemetry/api';

const MAX_INTEGER = 2 ** 31 - 1;
/** What these hold is nobody's business. */
const SECRET = /_HEADERS$/;

/** The variables, read one by one: a wrong value gives one warning and counts as not set. */
export class Environment {
  readonly #variables: Readonly<Record<string, string | undefined>>;

  constructor(variables: Readonly<Record<string, string | undefined>>) {
    this.#variables = variables;
  }

  /** The first of these variables that is set and not empty. */
  text(...names: string[]): string | undefined {
    return this.#find(names)?.value;
  }

  /** `true` for the word true in any case, as OpenTelemetry has it; `undefined` where it is not set. */
  flag(name: string): boolean | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined || value === 'true' || value === 'false') return value && value === 'true';
    return this.#warn(name, 'true or false', value);
  }

  number(name: string, min: number, max: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (number >= min && number <= max) return number;
    return this.#warn(name, `a number in [${min}, ${max}]`, value);
  }

  integer(name: string, min: number, max: number): number | undefined {
    const number = this.number(name, min, max);
    return number === undefined || Number.isInteger(number)
      ? number
      : this.#warn(name, `a whole number in [${min}, ${max}]`, String(number));
  }

  /** Milliseconds that something may take, cut at `most`; OpenTelemetry's 0 means no limit. */
  timeout(most: number, ...names: string[]): number | undefined {
    const name = this.#find(names)?.name;
    const given = name === undefined ? undefined : this.integer(name, 0, MAX_INTEGER);
    return given === undefined ? undefined : Math.min(given || most, most);
  }

  /** A whole number that is not below `least`; more than we can do is cut at `most`. */
  upTo(most: number, least: number, ...names: string[]): number | undefined {
    const name = this.#find(names)?.name;
    const given = name === undefined ? undefined : this.integer(name, least, MAX_INTEGER);
    return given === undefined ? undefined : Math.min(given, most);
  }

  oneOf<const T extends string>(words: readonly T[], ...names: string[]): T | undefined {
    const found = this.#find(names);
    if (found === undefined) return undefined;
    const word = words.find((each) => each === found.value.toLowerCase());
    return word ?? this.#warn(found.name, words.join(', '), found.value);
  }

  /** Comma-separated words, without empty ones; `undefined` where it is not set. */
  list(name: string): string[] | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const items = value.split(',').map((item) => item.trim());
    return items.filter((item) => item !== '');
  }

  /** `key=value,key2=value2`, both percent-decoded, as OpenTelemetry's headers and resource attributes. */
  pairs(...names: string[]): Record<string, string> | undefined {
    const found = this.#find(names);
    if (found === undefined) return undefined;
    const pairs: Record<string, string> = Object.create(null);
    for (const item of found.value.split(',')) {
      if (item.trim() === '') continue;
      const equals = item.indexOf('=');
      const key = decode(item.slice(0, Math.max(equals, 0)).trim());
      const value = decode(item.slice(equals + 1).trim());
      if (!key || value === undefined) return this.#warn(found.name, 'key=value,key2=value2', found.value);
      pairs[key] = value;
    }
    return { ...pairs };
  }

  /** What is set under a prefix: rest of the name to value. */
  under(prefix: string): readonly (readonly [rest: string, value: string])[] {
    return Object.entries(this.#variables).flatMap(([name, value]) =>
      name.startsWith(prefix) && value ? [[name.slice(prefix.length), value] as const] : [],
    );
  }

  /** Says that a variable has a value that it can't have. */
  warn(name: string, expected: string, value: string): void {
    this.#warn(name, expected, value);
  }

  #find(names: readonly string[]): { name: string; value: string } | undefined {
    for (const name of names) {
      const value = this.#variables[name]?.trim();
      if (value) return { name, value };
    }
    return undefined;
  }

  #warn(name: string, expected: string, value: string): undefined {
    const got = SECRET.test(name) ? 'something else' : show(withoutPassword(value));
    diag.warn(`@clew/node: expected ${name} to be ${expected}, got ${got}; the default is used`);
    return undefined;
  }
}

function withoutPassword(text: string): string {
  return text.replace(/[^/@]*@/, '…@');
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

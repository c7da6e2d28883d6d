import { show, splitList } from '@clew/core/internal';
import type { OptionKind, OptionSource } from '@clew/core/plugin';
import { diag } from '@opentelemetry/api';

const MAX_INTEGER = 2 ** 31 - 1;
/** Variables whose values are secret and must not be logged. */
const SECRET = /_HEADERS$/;

/** Reads environment variables. An invalid value logs one warning and counts as not set. */
export class Environment {
  readonly #variables: Readonly<Record<string, string | undefined>>;

  constructor(variables: Readonly<Record<string, string | undefined>>) {
    this.#variables = variables;
  }

  /** Without the variables of OpenTelemetry that a configuration file replaces: all but those about plugins. */
  withoutReplaced(): Environment {
    const others = Object.entries(this.#variables).filter(([name]) => !/^OTEL_(?!NODE_)/.test(name));
    return new Environment(Object.fromEntries(others));
  }

  /** Returns the first of these variables that is set and not empty. */
  text(...names: string[]): string | undefined {
    return this.#find(names)?.value;
  }

  /** Parses `true` or `false` in any case, as OpenTelemetry does; `undefined` if not set. */
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

  /** A timeout in milliseconds, capped at `max`; OpenTelemetry's 0 means no limit. */
  timeout(max: number, ...names: string[]): number | undefined {
    const given = this.cappedInteger(MAX_INTEGER, 0, ...names);
    return given === undefined ? undefined : Math.min(given || max, max);
  }

  /** An integer of at least `min`, capped at `max`. */
  cappedInteger(max: number, min: number, ...names: string[]): number | undefined {
    const name = this.#find(names)?.name;
    const given = name === undefined ? undefined : this.integer(name, min, MAX_INTEGER);
    return given === undefined ? undefined : Math.min(given, max);
  }

  oneOf<const T extends string>(words: readonly T[], ...names: string[]): T | undefined {
    const found = this.#find(names);
    if (found === undefined) return undefined;
    const word = words.find((each) => each === found.value.toLowerCase());
    return word ?? this.#warn(found.name, words.join(', '), found.value);
  }

  /** Reads a variable as the option of a plugin or of core. */
  option<T>(name: string, kind: OptionKind<T>, source?: OptionSource): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = kind.read?.(text, source);
    return kind.accepts(value) ? (value as T) : this.#warn(name, kind.expected, text);
  }

  /** Comma-separated words without empty ones; `undefined` if not set. */
  list(name: string): string[] | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : splitList(value);
  }

  /** `key=value,key2=value2`, percent-decoded, as in OpenTelemetry's headers and resource attributes. */
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

  /** Returns the names of the variables with this prefix that are set and not empty. */
  under(prefix: string): readonly string[] {
    return Object.keys(this.#variables).filter((name) => name.startsWith(prefix) && this.text(name));
  }

  /** Logs that a variable has an invalid value. */
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
    const got = SECRET.test(name) ? 'an invalid value' : show(withoutPassword(value));
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

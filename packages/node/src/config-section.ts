import { show } from '@clew/core/internal';

/** Reads a mapping of a configuration file. Members that are `null` count as missing. Wrong values throw a TypeError. */
export class ConfigSection {
  readonly path: string;
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #unread: Set<string>;
  readonly #unsupported: string[];

  /** `unsupported` collects the places of what is not read. */
  constructor(value: unknown, path: string, unsupported: string[]) {
    const fits = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!fits) throw wrong(path === '' ? 'the file' : path, 'a mapping', value);
    this.path = path;
    this.#members = value as Readonly<Record<string, unknown>>;
    this.#unread = new Set(Object.keys(value));
    this.#unsupported = unsupported;
  }

  /** The names of the members, `null` or not. */
  get names(): readonly string[] {
    return Object.keys(this.#members);
  }

  /** The value as it is. */
  value(name: string): unknown {
    this.#unread.delete(name);
    return this.#members[name] ?? undefined;
  }

  text(name: string): string | undefined {
    return this.#checked(name, 'a text', (value) => typeof value === 'string') as string | undefined;
  }

  flag(name: string): boolean | undefined {
    return this.#checked(name, 'true or false', (value) => typeof value === 'boolean') as boolean | undefined;
  }

  number(name: string, min: number, max: number): number | undefined {
    const fits = (value: unknown) => typeof value === 'number' && value >= min && value <= max;
    return this.#checked(name, `a number in [${min}, ${max}]`, fits) as number | undefined;
  }

  /** An integer of at least `min`, capped at `max`. */
  integer(name: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const fits = (value: unknown) => Number.isInteger(value) && (value as number) >= min;
    const given = this.#checked(name, `an integer of at least ${min}`, fits) as number | undefined;
    return given === undefined ? undefined : Math.min(given, max);
  }

  oneOf<const T extends string>(name: string, words: readonly T[]): T | undefined {
    return this.#checked(name, words.join(', '), (value) => words.includes(value as T)) as T | undefined;
  }

  /** A mapping; with `isEmpty`, a member that is `null` is an empty one. */
  section(name: string, isEmpty = false): ConfigSection | undefined {
    const isPresent = isEmpty && Object.hasOwn(this.#members, name);
    const value = this.value(name) ?? (isPresent ? {} : undefined);
    return value === undefined ? undefined : new ConfigSection(value, this.#place(name), this.#unsupported);
  }

  /** A list of mappings. */
  sections(name: string): readonly ConfigSection[] {
    const list = this.#checked(name, 'a list', Array.isArray) as readonly unknown[] | undefined;
    const place = this.#place(name);
    return (list ?? []).map(
      (item, index) => new ConfigSection(item, `${place}[${index}]`, this.#unsupported),
    );
  }

  /** Marks members as known but not used here. */
  skip(...names: readonly string[]): void {
    for (const name of names) this.#unread.delete(name);
  }

  /** Notes the members that were not read as unsupported. */
  finish(): void {
    for (const name of this.#unread) this.#unsupported.push(this.#place(name));
  }

  #checked(name: string, what: string, fits: (value: unknown) => boolean): unknown {
    const value = this.value(name);
    if (value !== undefined && !fits(value)) throw wrong(this.#place(name), what, value);
    return value;
  }

  #place(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}

function wrong(place: string, what: string, value: unknown): TypeError {
  return new TypeError(`expected ${place} to be ${what}, got ${show(value)}`);
}

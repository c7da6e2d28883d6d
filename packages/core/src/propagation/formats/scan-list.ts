// Written for speed (`benchmarks/propagators.mjs`): reads a list header without allocating. The plain form splits the text.

/** The parts that a character may belong to, as bits. */
const KEY_START = 1;
const KEY = 2;
const VALUE = 4;

/** The characters and limits of a list's keys and values. */
export interface ListSyntax {
  /** By character code below 128: the parts that the character may belong to. */
  readonly classes: Uint8Array;
  readonly maxMembers: number;
  readonly maxKeyChars: number;
  /** The fewest and the most characters of a value. */
  readonly valueChars: readonly [least: number, most: number];
}

/** Creates the syntax of a list of `key=value` members. Each part is a string of all its allowed characters. */
export function listSyntax(
  parts: { readonly keyStart: string; readonly key: string; readonly value: string },
  bounds: Omit<ListSyntax, 'classes'>,
): ListSyntax {
  const classes = new Uint8Array(128);
  const add = (characters: string, part: number) => {
    for (let at = 0; at < characters.length; at++) classes[characters.charCodeAt(at)]! |= part;
  };
  add(parts.keyStart, KEY_START);
  add(parts.key, KEY);
  add(parts.value, VALUE);
  return { classes, ...bounds };
}

/** All visible ASCII characters except those given. */
export function visibleBut(excluded: string): string {
  let characters = '';
  for (let code = 0x21; code < 0x7f; code++) {
    const character = String.fromCharCode(code);
    if (!excluded.includes(character)) characters += character;
  }
  return characters;
}

export const LOWER_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** The start and end of each key of the list being scanned. Shared, because a scan is synchronous. */
const keys = new Uint16Array(128);

/**
 * Whether a text is `key=value,key=value` in normal form: no white space, no empty member, no repeated key. Nearly all
 * headers are, and can be passed on without being parsed.
 */
export function isPlainList(text: string, syntax: ListSyntax): boolean {
  const { classes, maxMembers, maxKeyChars, valueChars } = syntax;
  let at = 0;
  for (let member = 0; member < maxMembers; member++) {
    const start = at;
    if ((classAt(text, at, classes) & KEY_START) === 0) return false;
    while ((classAt(text, at, classes) & KEY) !== 0) at++;
    if (text.charCodeAt(at) !== 0x3d || at - start > maxKeyChars) return false;
    if (isKnownKey(text, start, at, member)) return false;
    keys[2 * member] = start;
    keys[2 * member + 1] = at;
    const value = ++at;
    while ((classAt(text, at, classes) & VALUE) !== 0) at++;
    if (at - value < valueChars[0] || at - value > valueChars[1]) return false;
    if (at === text.length) return true;
    if (text.charCodeAt(at++) !== 0x2c) return false;
  }
  return false;
}

function classAt(text: string, at: number, classes: Uint8Array): number {
  const code = text.charCodeAt(at);
  // Beyond the end the code is `NaN`, which is not below 128.
  return code < 128 ? (classes[code] as number) : 0;
}

function isKnownKey(text: string, start: number, end: number, members: number): boolean {
  for (let member = 0; member < members; member++) {
    const known = keys[2 * member] as number;
    if ((keys[2 * member + 1] as number) - known !== end - start) continue;
    if (text.startsWith(text.slice(start, end), known)) return true;
  }
  return false;
}

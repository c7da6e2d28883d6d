// Loaded when the first regular expression is read: few sets have one, and the library takes time to load.
import { RE2JS } from 're2js';

/** A regular expression of RE2. */
export interface Regex {
  /** Whether any part of the text matches, in time that is linear in the length of the text. */
  test(text: string): boolean;
}

/** Compiles a regular expression of RE2; throws for any other. */
export function compileRegex(source: string, ignoreCase: boolean): Regex {
  return RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
}

/** Why a text is not a regular expression of RE2; `undefined` if it is one. */
export function checkRegex(source: string): string | undefined {
  try {
    RE2JS.compile(source);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 200) : 'it can not be compiled';
  }
}

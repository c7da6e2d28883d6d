import type { TextCondition, TextMatch } from '../policy.ts';
import { compileGlob, isGlob } from './glob.ts';
import { compileRegex } from './regex.ts';

/** A compiled `TextMatch`. */
export interface TextMatcher {
  /** Whether a value matches; `undefined` is a missing value. */
  test(value: string | undefined): boolean;
  /** The only texts that match, if they can be listed. */
  readonly exact?: readonly string[];
  /** All texts with this prefix match, and no others. */
  readonly prefix?: string;
  /** All texts that match start with this, but others may as well. */
  readonly start?: string;
}

/** Compiles a `TextMatch` that has been read. */
export function compileText(match: TextMatch): TextMatcher {
  if (typeof match === 'string') return isGlob(match) ? glob(match) : exact([match]);
  if (!isCondition(match)) return list(match);
  const { negate = false, ignoreCase = false } = match;
  const plain = ignoreCase ? ignoringCase(match) : condition(match);
  return negate ? { test: (value) => !plain.test(value) } : plain;
}

function isCondition(match: readonly string[] | TextCondition): match is TextCondition {
  return !Array.isArray(match);
}

function list(texts: readonly string[]): TextMatcher {
  if (!texts.some(isGlob)) return exact([...new Set(texts)]);
  const matchers = texts.map(compileText);
  return { test: (value) => matchers.some((matcher) => matcher.test(value)) };
}

function exact(texts: readonly string[]): TextMatcher {
  if (texts.length === 1) return { exact: texts, test: (value) => value === texts[0] };
  const set = new Set<string | undefined>(texts);
  return { exact: texts, test: (value) => set.has(value) };
}

function startingWith(prefix: string): TextMatcher {
  return { prefix, test: (value) => value?.startsWith(prefix) === true };
}

/** A glob whose only special character is an asterisk at its end is a prefix. */
function glob(text: string): TextMatcher {
  const bare = text.slice(0, -1);
  if (text.endsWith('*') && !isGlob(bare)) return startingWith(bare);
  const matches = compileGlob(text);
  const [start = ''] = text.split(/[*?]/, 1);
  return {
    ...(start !== '' && { start }),
    test: (value) => value !== undefined && matches(value),
  };
}

function condition(match: TextCondition): TextMatcher {
  if (match.exact !== undefined) return exact([match.exact]);
  if (match.prefix !== undefined) return startingWith(match.prefix);
  if (match.glob !== undefined) return isGlob(match.glob) ? glob(match.glob) : exact([match.glob]);
  const { suffix, contains, regex, exists } = match;
  if (suffix !== undefined) return { test: (value) => value?.endsWith(suffix) === true };
  if (contains !== undefined) return { test: (value) => value?.includes(contains) === true };
  if (exists !== undefined) return { test: (value) => (value !== undefined) === exists };
  const compiled = compileRegex(regex ?? '', match.ignoreCase === true);
  return { test: (value) => value !== undefined && compiled.test(value) };
}

/** A regular expression ignores the case itself; for the others, both sides are in lower case. */
function ignoringCase(match: TextCondition): TextMatcher {
  if (match.regex !== undefined || match.exists !== undefined) return condition(match);
  const lower = Object.entries(match).map(([key, value]) => [
    key,
    typeof value === 'string' ? value.toLowerCase() : value,
  ]);
  const { test } = condition(Object.fromEntries(lower) as TextCondition);
  return { test: (value) => test(value?.toLowerCase()) };
}

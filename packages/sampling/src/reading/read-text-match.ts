import { LIMITS } from '../limits.ts';
import { checkRegex } from '../matching/regex.ts';
import type { Problems } from '../policy-error.ts';
import { boolean, hasLength, isObject, readObject, text } from './read-values.ts';

const FORMS = ['exact', 'prefix', 'suffix', 'contains', 'glob', 'regex', 'exists'] as const;
const anyText = text(0, LIMITS.text);
const CONDITION = {
  exact: anyText,
  prefix: anyText,
  suffix: anyText,
  contains: anyText,
  glob: anyText,
  regex: readRegex,
  exists: boolean,
  ignoreCase: boolean,
  negate: boolean,
};

/** Reads a `TextMatch`. */
export function readTextMatch(value: unknown, place: string, problems: Problems): unknown {
  if (typeof value === 'string') return anyText(value, place, problems);
  if (Array.isArray(value)) return readList(value, place, problems);
  if (!isObject(value)) {
    problems.expect(false, place, 'to be a string, a list of strings, or a condition', value);
    return undefined;
  }
  const read = readObject(value, place, problems, CONDITION);
  const forms = FORMS.filter((form) => value[form] !== undefined);
  const expected = `to have exactly one of the keys ${FORMS.join(', ')}`;
  return problems.expect(forms.length === 1, place, expected, forms.join(', ')) ? read : undefined;
}

/** Reads a `TextMatch`, a number or a boolean: the condition of an attribute. */
export function readAttributeMatch(value: unknown, place: string, problems: Problems): unknown {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'number') return readTextMatch(value, place, problems);
  return problems.expect(Number.isFinite(value), place, 'to be a finite number', value) ? value : undefined;
}

function readList(list: readonly unknown[], place: string, problems: Problems): unknown {
  const fits =
    list.length > 0 &&
    list.length <= LIMITS.list &&
    list.every((item) => typeof item === 'string' && hasLength(item, 0, LIMITS.text));
  const expected = `to be a list of 1 to ${LIMITS.list} strings of at most ${LIMITS.text} characters`;
  return problems.expect(fits, place, expected, list) ? [...list] : undefined;
}

function readRegex(value: unknown, place: string, problems: Problems): unknown {
  const source = anyText(value, place, problems);
  if (typeof source !== 'string') return undefined;
  const fault = checkRegex(source);
  const expected = `to be a regular expression of RE2${fault === undefined ? '' : ` (${fault})`}`;
  return problems.expect(fault === undefined, place, expected, source) ? source : undefined;
}

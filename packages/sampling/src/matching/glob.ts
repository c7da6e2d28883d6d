import { type Find, findWildcards } from './find-wildcards.ts';

/** Whether a text has the special characters of a glob. */
export function isGlob(text: string): boolean {
  return text.includes('*') || text.includes('?');
}

/**
 * Compiles a glob: `*` stands for any characters, `?` for one UTF-16 code unit. The parts between asterisks are found from
 * left to right, without backtracking. Parts with `?` take time in proportion to the length of the text and to 1/32 of
 * their own length.
 */
export function compileGlob(glob: string): (text: string) => boolean {
  const parts = glob.split('*');
  const first = parts.shift() ?? '';
  const last = parts.pop();
  if (last === undefined) return (text) => text.length === first.length && isAt(text, 0, first);
  const middle = parts
    .filter((part) => part !== '')
    .map((part) => ({
      length: part.length,
      find: part.includes('?') ? findWildcards(part) : findText(part),
    }));
  const minLength = first.length + last.length;
  return (text) => {
    if (text.length < minLength || !isAt(text, 0, first)) return false;
    const end = text.length - last.length;
    if (!isAt(text, end, last)) return false;
    let at = first.length;
    for (const part of middle) {
      const found = part.find(text, at, end);
      if (found < 0) return false;
      at = found + part.length;
    }
    return true;
  };
}

function findText(part: string): Find {
  return (text, from, end) => {
    const found = text.indexOf(part, from);
    return found + part.length <= end ? found : -1;
  };
}

function isAt(text: string, at: number, part: string): boolean {
  for (let i = 0; i < part.length; i++)
    if (part[i] !== '?' && part.charCodeAt(i) !== text.charCodeAt(at + i)) return false;
  return true;
}

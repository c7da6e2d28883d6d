/** Whether a text has the special characters of a glob. */
export function isGlob(text: string): boolean {
  return text.includes('*') || text.includes('?');
}

/**
 * Compiles a glob: `*` stands for any characters, `?` for one UTF-16 code unit. The parts between asterisks are found from
 * left to right, without backtracking.
 */
export function compileGlob(glob: string): (text: string) => boolean {
  const parts = glob.split('*');
  const first = parts.shift() ?? '';
  const last = parts.pop();
  if (last === undefined) return (text) => text.length === first.length && isAt(text, 0, first);
  const middle = parts.filter((part) => part !== '');
  const minLength = first.length + last.length;
  return (text) => {
    if (text.length < minLength || !isAt(text, 0, first)) return false;
    const end = text.length - last.length;
    if (!isAt(text, end, last)) return false;
    let at = first.length;
    for (const part of middle) {
      const found = find(text, at, end, part);
      if (found < 0) return false;
      at = found + part.length;
    }
    return true;
  };
}

/** The first place from `from` where a part is found that ends at `end` at the latest; -1 without one. */
function find(text: string, from: number, end: number, part: string): number {
  if (!part.includes('?')) {
    const found = text.indexOf(part, from);
    return found + part.length <= end ? found : -1;
  }
  for (let at = from; at + part.length <= end; at++) if (isAt(text, at, part)) return at;
  return -1;
}

function isAt(text: string, at: number, part: string): boolean {
  for (let i = 0; i < part.length; i++)
    if (part[i] !== '?' && part.charCodeAt(i) !== text.charCodeAt(at + i)) return false;
  return true;
}

// Loaded when the first YAML is read: JSON needs no library.
import { parseDocument, visit } from 'yaml';
import { LIMITS } from '../limits.ts';

/**
 * Parses YAML 1.2 by its core schema, without merge keys. Throws for anything else, for cycles, for more than 100
 * aliases, and for flow collections nested deeper than 32 levels.
 */
export function parseYaml(text: string): unknown {
  checkNesting(text);
  const document = parseDocument(text, { schema: 'core', stringKeys: true, merge: false });
  const fault = document.errors[0];
  if (fault !== undefined) throw new Error(fault.message.split(/:?\n/)[0]);
  checkAliases(document);
  return document.toJS({ maxAliasCount: LIMITS.aliases });
}

/** The parser's time grows with the square of the nesting. Brackets in texts count as well, if they are not closed. */
function checkNesting(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') depth = Math.max(depth - 1, 0);
    if (depth > LIMITS.depth) throw new Error(`more than ${LIMITS.depth} levels of brackets`);
  }
}

function checkAliases(document: ReturnType<typeof parseDocument>): void {
  let count = 0;
  visit(document, {
    Alias(_key, alias, path) {
      count++;
      if (count > LIMITS.aliases) throw new Error(`more than ${LIMITS.aliases} aliases`);
      const target = alias.resolve(document);
      if (target === undefined) throw new Error(`the alias *${alias.source} has no anchor`);
      if (path.includes(target)) throw new Error(`the alias *${alias.source} is inside its own anchor`);
    },
  });
}

import { LIMITS } from '../limits.ts';
import { Problems } from '../policy-error.ts';
import { parseYaml } from './parse-yaml.ts';

/** The syntax of a policy document. */
export type PolicyFormat = 'json' | 'yaml';

/**
 * Parses the text of a document. Without a format, a text that starts with `{` or `[` is JSON, any other is YAML. Throws
 * a `PolicyError`.
 */
export function parseText(text: string, format: PolicyFormat | undefined): unknown {
  const problems = new Problems();
  const fits = text.length <= LIMITS.document;
  const size = `${text.length} characters`;
  if (!problems.expect(fits, 'the document', `to have at most ${LIMITS.document} characters`, size))
    problems.throwIfAny();
  const bare = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const syntax = format ?? (/^\s*[{[]/.test(bare) ? 'json' : 'yaml');
  try {
    return syntax === 'json' ? JSON.parse(bare) : parseYaml(bare);
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 200) : 'unreadable';
    problems.expect(false, 'the document', `to be ${syntax.toUpperCase()} (${reason})`, bare.slice(0, 80));
  }
  problems.throwIfAny();
  return undefined;
}

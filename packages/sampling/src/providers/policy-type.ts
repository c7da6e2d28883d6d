import { show } from '@clew/core/internal';

const JSON_TYPES: ReadonlySet<string> = new Set(['application/json', 'text/json']);
const YAML_TYPES: ReadonlySet<string> = new Set([
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
  'text/x-yaml',
  'text/vnd.yaml',
]);
/** These do not tell the format. */
const VAGUE_TYPES: ReadonlySet<string> = new Set(['', 'text/plain', 'application/octet-stream']);

/**
 * `application/json` or `application/yaml`. If the content type does not tell, the extension of the path decides, and
 * without one it is YAML, because every JSON text is YAML as well.
 *
 * @throws TypeError for any other content type, such as the one of an error page
 */
export function policyType(contentType: string | undefined, path: string): string {
  const [type = ''] = (contentType ?? '').split(';');
  const name = type.trim().toLowerCase();
  if (JSON_TYPES.has(name) || name.endsWith('+json')) return 'application/json';
  if (YAML_TYPES.has(name) || name.endsWith('+yaml')) return 'application/yaml';
  if (!VAGUE_TYPES.has(name)) {
    throw new TypeError(
      `expected the content type to be application/json or application/yaml, got ${show(name)}`,
    );
  }
  return path.toLowerCase().endsWith('.json') ? 'application/json' : 'application/yaml';
}

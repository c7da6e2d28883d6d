import { show } from '@clew/core/internal';
import type { PolicyFormat } from '../reading/parse-text.ts';

const JSON_TYPES: ReadonlySet<string> = new Set(['application/json', 'text/json']);
const YAML_TYPES: ReadonlySet<string> = new Set([
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
  'text/x-yaml',
  'text/vnd.yaml',
]);
/** Content types of any format. */
const VAGUE_TYPES: ReadonlySet<string> = new Set(['', 'text/plain', 'application/octet-stream']);

/**
 * The format by a content type, or else by the extension of a path; `undefined` if both leave it open.
 *
 * @throws TypeError for any other content type, such as the one of an error page
 */
export function policyFormat(contentType: string | undefined, path: string): PolicyFormat | undefined {
  const [type = ''] = (contentType ?? '').split(';');
  const name = type.trim().toLowerCase();
  if (JSON_TYPES.has(name) || name.endsWith('+json')) return 'json';
  if (YAML_TYPES.has(name) || name.endsWith('+yaml')) return 'yaml';
  if (!VAGUE_TYPES.has(name)) {
    throw new TypeError(
      `expected the content type to be application/json or application/yaml, got ${show(name)}`,
    );
  }
  const extension = /\.(json|ya?ml)$/i.exec(path)?.[1]?.toLowerCase();
  if (extension === undefined) return undefined;
  return extension === 'json' ? 'json' : 'yaml';
}

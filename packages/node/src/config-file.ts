import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { loadPackage } from './load-export.ts';

type Variables = Readonly<Record<string, string | undefined>>;
type Yaml = typeof import('yaml');

const MAX_BYTES = 1_048_576;
const REFERENCE = /\$\$|\$\{(?:env:)?([^}]*)\}/g;
const NAME_AND_DEFAULT = /^([A-Za-z_]\w*)(?::-([^\n]*))?$/;

/**
 * Reads a file of OpenTelemetry's declarative configuration, YAML or JSON, and substitutes the variables in it.
 * Throws an Error that names the problem.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/data-model/
 */
export function readConfigFile(path: string, variables: Variables): unknown {
  if (statSync(path).size > MAX_BYTES) throw new TypeError(`expected at most ${MAX_BYTES} bytes`);
  const yaml = loadYaml();
  const document = yaml.parseDocument(readFileSync(path, 'utf8'), { version: '1.2' });
  const [fault] = document.errors;
  if (fault !== undefined) throw fault;
  yaml.visit(document, {
    Scalar: (key, node) => {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('$')) return;
      const text = substituted(node.value, variables);
      node.value = node.type === 'PLAIN' ? scalarOf(yaml, text) : text;
    },
  });
  return document.toJS();
}

/** Substitutes `${NAME}`, `${env:NAME}` and `${NAME:-default}`; `$$` is a dollar sign. */
function substituted(text: string, variables: Variables): string {
  return text.replace(REFERENCE, (reference: string, inner: string | undefined) => {
    if (inner === undefined) return '$';
    const [, name, otherwise = ''] = NAME_AND_DEFAULT.exec(inner) ?? [];
    if (name === undefined) throw new TypeError(`expected \${NAME} or \${NAME:-default}, got ${reference}`);
    return variables[name] || otherwise;
  });
}

/** A text without quotes may become a number, a truth value or null, but neither a list nor a mapping. */
function scalarOf(yaml: Yaml, text: string): unknown {
  try {
    const value: unknown = yaml.parse(text, { version: '1.2' });
    return value === null || typeof value === 'number' || typeof value === 'boolean' ? value : text;
  } catch {
    return text;
  }
}

/** Loaded only if there is a file. */
function loadYaml(): Yaml {
  if (!import.meta.url) return loadPackage('yaml') as Yaml;
  return createRequire(import.meta.url)('yaml') as Yaml;
}

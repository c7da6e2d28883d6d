// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to variables in configuration files

import { parseConfigFile } from '@opentelemetry/configuration';
import { readConfigFile } from '../src/config-file.ts';
import { temporaryFolder } from './temporary-folder.ts';

const { file } = temporaryFolder();

describe('reading a configuration file', () => {
  const VARIABLES = { TEXT: 'a b', NUMBER: '42', TRUE: 'true', EMPTY: '', LIST: '[1]', DOLLAR: '${TEXT}' };
  const VALUES = [
    '${TEXT}',
    '"${NUMBER}"',
    '${NUMBER}',
    '${TRUE}',
    '${env:TEXT}',
    '${EMPTY}',
    '${EMPTY:-x}',
    '${MISSING}',
    '${MISSING:-0.5}',
    '${MISSING:-}',
    '${LIST}',
    '${DOLLAR}',
    '$${TEXT}',
    '$$$${TEXT}',
    '$TEXT',
    'a-${NUMBER}-${TEXT}',
    "'${TRUE}'",
    '"line ${TEXT}\\n"',
    '0x10',
    '"1.0"',
  ];

  test.each(VALUES)('%s is read as OpenTelemetry’s own parser reads it', (value) => {
    const path = file(`file_format: "1.0"\nresource:\n  attributes:\n    - name: a\n      value: ${value}\n`);
    const given = process.env;
    process.env = { ...given, ...VARIABLES };
    let theirs: unknown;
    try {
      theirs = parseConfigFile(path);
    } finally {
      process.env = given;
    }
    const { file_format: version, ...ours } = readConfigFile(path, VARIABLES) as Record<string, unknown>;
    expect(ours).toEqual(theirs);
    expect(version).toBe('1.0');
  });

  test.each([
    ['a: ${1}', 'expected ${NAME} or ${NAME:-default}, got ${1}'],
    ['a: ${NAME:?error}', 'got ${NAME:?error}'],
    ['a: [', 'Flow sequence'],
    [`a: ${'x'.repeat(1_048_576)}`, 'expected at most 1048576 bytes'],
  ])('%s is refused', (content, message) => {
    expect(() => readConfigFile(file(content.slice(0, 2_000_000)), {})).toThrow(message);
  });
});

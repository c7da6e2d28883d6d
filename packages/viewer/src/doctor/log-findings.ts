import type { Finding } from './finding.ts';
import { type Observed, ofKind } from './read-observations.ts';

const MAX_FINDINGS = 20;

/** A line that another finding states. */
const COVERED = /was loaded before init\(\)/;

const KNOWN: readonly (readonly [text: RegExp, id: string, advice: string])[] = [
  [
    /another (OpenTelemetry SDK|tracer)/,
    'second-sdk',
    'Start only one of the two; init({ instrumentations }) takes the instrumentations of OpenTelemetry.',
  ],
  [/expected (\w+) to be .* the default is used$/, 'invalid-variable', 'Correct or remove $1.'],
  [/not installed: (npm install \S+)$/, 'missing-package', '$1'],
  [/are both called .*(OTEL_NODE_DISABLED_INSTRUMENTATIONS=\S+)$/, 'same-name', 'Set $1.'],
  [/^@clew\/node: (\S+) is left out/, 'broken-plugin', 'Install a working version: npm install $1'],
  [/in use already/, 'two-copies', 'npm dedupe, and see with npm ls which package requires another version'],
  [/because (\S+) cannot be used/, 'configuration-file', 'Correct $1.'],
];

const DEFAULT_ADVICE = 'See "Self-check" and the options in the README of @clew/node.';

/** Warnings and errors that Clew has logged. */
export function logFindings(observed: Observed): Finding[] {
  return ofKind(observed, 'log')
    .filter(({ level, text }) => (level === 'warn' || level === 'error') && !COVERED.test(text))
    .slice(0, MAX_FINDINGS)
    .map(({ text }) => {
      for (const [pattern, id, advice] of KNOWN) {
        const match = pattern.exec(text);
        if (match !== null) return { id, problem: text, advice: advice.replace('$1', match[1] ?? '') };
      }
      return { id: 'log', problem: text, advice: DEFAULT_ADVICE };
    });
}

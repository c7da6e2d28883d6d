import { plural } from '../plural.ts';
import { printable } from '../printable.ts';
import type { Paint } from '../terminal.ts';
import type { Diagnosis } from './diagnose.ts';
import type { Library } from './libraries.ts';

/** Formats a diagnosis for a terminal: what was found, then the problems. */
export function diagnosisText(diagnosis: Diagnosis, { bold, red }: Paint): string {
  const { problems, processes, libraries, exporters, trust, spans } = diagnosis;
  const rows: string[][] = [
    ...processes.map(({ node, main }) => ['process', `Node.js ${node.replace(/^v/, '')}`, main]),
    ...libraries.map((library) => [
      'library',
      `${library.name} ${library.version}`.trim(),
      describe(library),
    ]),
    ...exporters.map(({ url, status, error }) => [
      'exporter',
      url,
      status === undefined ? `${error}` : `status ${status}`,
    ]),
    ...trust.map((each) => [
      'trust',
      each === null ? 'continue' : JSON.stringify(each).replace(/^"(.*)"$/, '$1'),
      each === null ? 'the default: the trace of every caller is continued (CLEW_TRUST)' : '',
    ]),
    ...(trust.length > 0
      ? [['spans', `${spans.started} started`, `${spans.ended} recorded, ${spans.exported} exported`]]
      : []),
  ];
  const found = table(rows.map((row) => row.map(printable)));
  if (problems.length === 0) return `${found}\nNo problems found.\n`;
  const lines = problems.flatMap(({ problem, advice }) => [
    `${red('✗')} ${bold(printable(problem))}`,
    `  → ${printable(advice)}`,
  ]);
  return `${found}\n${plural(problems.length, 'problem')}\n${lines.join('\n')}\n`;
}

function describe({ plugin, state, by }: Library): string {
  if (state === 'traced') return `traced by ${plugin}: ${by.join(', ')}`;
  if (state === 'not used yet') return `${plugin} waits for its first use`;
  if (state === 'disabled') return `not traced: ${plugin} is disabled`;
  if (state === 'no plugin') return `not traced: ${plugin} is not installed`;
  if (state === 'too early') return 'not traced reliably: loaded before Clew was started';
  return `not traced: ${plugin} does not support this version`;
}

/** The first two columns have the width of their longest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const widthOf = (column: number) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0));
  const [first, second] = [widthOf(0), widthOf(1)];
  return rows
    .map(([a = '', b = '', c = '']) => `${a.padEnd(first)}  ${b.padEnd(second)}  ${c}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}

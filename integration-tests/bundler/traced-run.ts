import { startCollector } from '@clew/viewer';
import { type Ended, runProgram } from '../run-program.ts';
import { spansOf } from '../span-tree.ts';
import { type NormalSpan, normalTree } from './normal-tree.ts';

const SERVICE = 'bundled';

/** What can be seen of a run, from outside and in its traces. */
export interface TracedRun extends Ended {
  readonly traces: readonly NormalSpan[];
}

/** Runs a program with Node's arguments in a folder, until it exits, and collects its spans. */
export async function tracedRun(
  args: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>>,
): Promise<TracedRun> {
  const collector = await startCollector({ port: 0 });
  try {
    const ended = await runProgram(args, {
      cwd,
      variables: { ...variables, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: SERVICE },
    });
    return { ...ended, traces: normalTree(spansOf(collector, SERVICE)) };
  } finally {
    await collector.close();
  }
}

/** Lines `KIND name`, indented below their parents. */
export function linesOf(spans: readonly NormalSpan[], indent = ''): string[] {
  return spans.flatMap(({ kind, name, children }) => [
    `${indent}${kind} ${name}`,
    ...linesOf(children, `${indent}  `),
  ]);
}

// The reports of `osprofiler trace show --json`.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** A node of a report: an operation, with those that it called. */
export interface ReportNode {
  readonly trace_id: string;
  readonly parent_id: string;
  readonly info: {
    readonly name: string;
    readonly project: string | null;
    readonly service: string | null;
    readonly host: string;
    readonly exception?: string;
    readonly [rawPoint: `meta.raw_payload.${string}`]: { readonly info: Readonly<Record<string, unknown>> };
  };
  readonly children: readonly ReportNode[];
}

/** Runs `osprofiler trace show --json` on a store. */
export async function report(
  baseId: string,
  store: string,
  ...more: readonly string[]
): Promise<ReportNode[]> {
  const args = ['trace', 'show', '--json', '--connection-string', store, ...more, baseId];
  const child = spawn('/usr/bin/osprofiler', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    return (JSON.parse(stdout) as { children: ReportNode[] }).children;
  } catch {
    throw new Error(`osprofiler trace show: ${stdout}${stderr}`);
  }
}

/** Formats nodes as lines `service name`, those of calls below their caller. */
export function linesOf(nodes: readonly ReportNode[], depth = 0): string[] {
  return nodes.flatMap(({ info, children }) => [
    `${'  '.repeat(depth)}${info.service} ${info.name}`,
    ...linesOf(children, depth + 1),
  ]);
}

import { GROUPS_FOLDED, TraceLines } from './fold.ts';
import { printable } from './printable.ts';
import type { Trace } from './span-record.ts';
import { formatDuration } from './time-axis.ts';
import { layoutTrace } from './trace-layout.ts';
import { hasFailed, subtreeEnds } from './trace-rows.ts';

/** Writes a trace as a graph for Graphviz: a node for each span, equal siblings as one. */
export function traceToDot(trace: Trace): string {
  const { rows } = layoutTrace(trace);
  const statements = new TraceLines(rows, subtreeEnds(rows)).visible(GROUPS_FOLDED).flatMap((line) => {
    const row = rows[line.row]!;
    const isGroup = line.kind === 'group';
    const name = `${isGroup ? `×${line.members.length} ` : ''}${row.span.name}`;
    const duration = formatDuration(isGroup ? line.totalNs : row.durationNs);
    const label = [name, row.service, duration].map(escaped).join('\\n');
    const node = `  s${line.row} [label="${label}"${hasFailed(row) ? ', color=red' : ''}];`;
    return line.parent === undefined ? [node] : [node, `  s${line.parent.row} -> s${line.row};`];
  });
  return `digraph "${escaped(trace.traceId)}" {\n  node [shape=box, fontname="sans-serif"];\n${statements.join('\n')}\n}\n`;
}

/** https://graphviz.org/doc/info/lang.html: in quotes, only these two characters have a meaning. */
function escaped(text: string): string {
  return printable(text).replace(/[\\"]/g, '\\$&');
}

import { clockShifts, type Edge, processOf, type Timed } from './clock-skew.ts';
import { sampledBy } from './sampling/sampled-by.ts';
import { type SpanRecord, serviceName, type Trace } from './span-record.ts';

/** A span's position in the layout of a trace. */
export interface Row {
  readonly span: SpanRecord;
  readonly service: string;
  readonly parent: Row | undefined;
  readonly depth: number;
  /** Whether it is the last sibling. */
  readonly last: boolean;
  readonly hasChildren: boolean;
  /** Whether its parent is not in the trace (or, in a cycle, is a descendant). */
  readonly orphan: boolean;
  /** Relative to the start of the trace, after clock correction. */
  readonly startNs: number;
  readonly durationNs: number;
}

/** A trace arranged for drawing. */
export interface Layout {
  readonly traceId: string;
  readonly name: string;
  readonly startTimeUnixNano: bigint;
  readonly totalNs: number;
  /** In the order of their first rows. */
  readonly services: readonly string[];
  readonly errors: number;
  readonly orphans: number;
  /** Why the trace was sampled, as far as its spans state it. */
  readonly sampledBy: readonly string[];
  /** Services whose clocks were corrected, and by how much. */
  readonly shifts: ReadonlyMap<string, number>;
  /** In depth-first order, siblings by their start. */
  readonly rows: readonly Row[];
}

interface Node extends Timed {
  startNs: number;
  parent: Node | undefined;
  children: Node[];
  orphan: boolean;
}

/** Arranges the spans of a trace as a tree on one time axis. */
export function layoutTrace(trace: Trace): Layout {
  const base = trace.spans.reduce((first, span) => min(first, span.startTimeUnixNano), MAX_TIME);
  const nodes = trace.spans.map((span) => newNode(span, base)).sort(byStart);
  connect(nodes);
  const shifts = shiftClocks(nodes);
  const first = nodes.reduce((first, node) => Math.min(first, node.startNs), Number.POSITIVE_INFINITY);
  for (const node of nodes) {
    node.startNs -= first;
    node.children.sort(byStart);
  }
  const rows = walk(nodes.sort(byStart));
  const root = rows.find((row) => row.parent === undefined && !row.orphan) ?? rows[0];
  return {
    traceId: trace.traceId,
    name: root === undefined ? '' : naming(root, rows).span.name,
    startTimeUnixNano: nodes.length === 0 ? 0n : base + BigInt(Math.round(first)),
    totalNs: rows.reduce((end, row) => Math.max(end, row.startNs + row.durationNs), 0),
    services: [...new Set(rows.map((row) => row.service))],
    errors: rows.filter((row) => row.span.status.code === 'ERROR').length,
    orphans: rows.filter((row) => row.orphan).length,
    sampledBy: sampledBy(rows.map((row) => row.span)),
    shifts,
    rows,
  };
}

/** The row that names a trace: its root, or the server that a client at the root has called. */
function naming(root: Row, rows: readonly Row[]): Row {
  if (root.span.kind !== 'CLIENT') return root;
  return rows.find(({ parent, span }) => parent === root && span.kind === 'SERVER') ?? root;
}

const MAX_TIME = 2n ** 64n;

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function newNode(span: SpanRecord, base: bigint): Node {
  const durationNs = Math.max(0, Number(span.endTimeUnixNano - span.startTimeUnixNano));
  const startNs = Number(span.startTimeUnixNano - base);
  return { span, startNs, durationNs, parent: undefined, children: [], orphan: false };
}

function byStart(a: Node, b: Node): number {
  return a.startNs - b.startNs || b.durationNs - a.durationNs || (a.span.spanId < b.span.spanId ? -1 : 1);
}

/** Finds each node's parent; breaks cycles at their earliest span. */
function connect(nodes: readonly Node[]): void {
  const byId = new Map<string, Sides>();
  for (const node of nodes) {
    const sides = byId.get(node.span.spanId) ?? { calling: undefined, serving: undefined };
    byId.set(node.span.spanId, sides);
    if (SERVING.has(node.span.kind)) sides.serving ??= node;
    else sides.calling ??= node;
  }
  for (const node of nodes) {
    node.parent = findParent(node, byId);
    node.parent?.children.push(node);
    node.orphan = node.parent === undefined && node.span.parentSpanId !== undefined;
  }
  const reached = new Set<Node>();
  for (const node of nodes) if (node.parent === undefined) reach(node, reached);
  for (const node of nodes) {
    if (reached.has(node)) continue;
    const { parent } = node;
    if (parent) parent.children = parent.children.filter((child) => child !== node);
    node.parent = undefined;
    node.orphan = true;
    reach(node, reached);
  }
}

function reach(root: Node, reached: Set<Node>): void {
  const stack = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (reached.has(node)) continue;
    reached.add(node);
    for (const child of node.children) stack.push(child);
  }
}

const SERVING = new Set(['SERVER', 'CONSUMER']);

/** Zipkin's tracers use one id for both sides of a call: the server span becomes a child of the client span. */
interface Sides {
  calling: Node | undefined;
  serving: Node | undefined;
}

function findParent({ span }: Node, byId: Map<string, Sides>): Node | undefined {
  const caller = SERVING.has(span.kind) ? byId.get(span.spanId)?.calling : undefined;
  const parent = byId.get(span.parentSpanId ?? '');
  return caller ?? parent?.serving ?? parent?.calling;
}

function shiftClocks(nodes: readonly Node[]): Map<string, number> {
  const edges = nodes.flatMap((child): Edge[] => (child.parent ? [{ parent: child.parent, child }] : []));
  const shifts = clockShifts(edges);
  const byService = new Map<string, number>();
  for (const node of nodes) {
    const shift = shifts.get(processOf(node.span.resource)) ?? 0;
    if (shift === 0) continue;
    node.startNs += shift;
    byService.set(serviceName(node.span.resource), shift);
  }
  return byService;
}

/** Depth first, without recursion: a trace may be one long chain. */
function walk(nodes: readonly Node[]): Row[] {
  const rows: Row[] = [];
  const roots = nodes.filter((node) => node.parent === undefined).map((node) => ({ node, last: true }));
  const stack: { node: Node; last: boolean; parent?: Row }[] = roots.reverse();
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, last, parent } = next;
    const { span, startNs, durationNs, orphan, children } = node;
    const depth = parent === undefined ? 0 : parent.depth + 1;
    const service = serviceName(span.resource);
    const row: Row = {
      span,
      service,
      parent,
      depth,
      last,
      hasChildren: children.length > 0,
      orphan,
      startNs,
      durationNs,
    };
    rows.push(row);
    for (let index = children.length - 1; index >= 0; index--) {
      stack.push({ node: children[index]!, last: index === children.length - 1, parent: row });
    }
  }
  return rows;
}

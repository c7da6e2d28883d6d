import type { MapEdge, MapNode, ServiceMap } from '../src/service-map.ts';

/** The size of a node in pixels. */
export const NODE = { width: 170, height: 62 } as const;
const GAP = { x: 150, y: 34 } as const;

/** A node with the position of its upper left corner. */
export interface PlacedNode {
  readonly node: MapNode;
  readonly x: number;
  readonly y: number;
}

/** A map arranged in columns: callers on the left of what they call. */
export interface MapLayout {
  readonly nodes: ReadonlyMap<string, PlacedNode>;
  readonly edges: readonly MapEdge[];
  readonly width: number;
  readonly height: number;
}

/** Arranges a service map. */
export function layoutMap({ nodes, edges }: ServiceMap): MapLayout {
  const columns = columnsOf(nodes, edges);
  const placed = new Map<string, PlacedNode>();
  const height = Math.max(1, ...columns.map((column) => column.length)) * (NODE.height + GAP.y);
  for (const [index, column] of columns.entries()) {
    // Nodes near their callers cross fewer edges.
    const sorted = column
      .map((node) => ({ node, y: meanY(node, edges, placed) }))
      .sort((a, b) => a.y - b.y || (a.node.name < b.node.name ? -1 : 1));
    const top = (height - sorted.length * (NODE.height + GAP.y)) / 2;
    for (const [row, { node }] of sorted.entries())
      placed.set(node.name, {
        node,
        x: index * (NODE.width + GAP.x),
        y: top + row * (NODE.height + GAP.y) + GAP.y / 2,
      });
  }
  const width = Math.max(1, columns.length) * (NODE.width + GAP.x) - GAP.x;
  return { nodes: placed, edges, width, height };
}

/** The column of a node is one to the right of the last of its callers; calls back do not count. */
function columnsOf(nodes: readonly MapNode[], edges: readonly MapEdge[]): MapNode[][] {
  const rank = new Map(nodes.map(({ name }) => [name, 0]));
  // As often as there are nodes at most, so that a cycle ends.
  for (let round = 0; round < nodes.length; round++) {
    let isChanged = false;
    for (const { from, to } of edges) {
      const wanted = rank.get(from)! + 1;
      if (from === to || wanted >= nodes.length || wanted <= rank.get(to)!) continue;
      rank.set(to, wanted);
      isChanged = true;
    }
    if (!isChanged) break;
  }
  const used = [...new Set(rank.values())].sort((a, b) => a - b);
  return used.map((each) => nodes.filter(({ name }) => rank.get(name) === each));
}

function meanY(
  { name }: MapNode,
  edges: readonly MapEdge[],
  placed: ReadonlyMap<string, PlacedNode>,
): number {
  const callers = edges.flatMap((edge) => (edge.to === name ? (placed.get(edge.from)?.y ?? []) : []));
  return callers.reduce((sum, y) => sum + y, 0) / Math.max(1, callers.length);
}

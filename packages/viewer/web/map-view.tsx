import type { LatencySummary } from '../src/latencies.ts';
import { plural } from '../src/plural.ts';
import { printable } from '../src/printable.ts';
import type { MapEdge } from '../src/service-map.ts';
import { formatDuration } from '../src/time-axis.ts';
import { filterToParameters, type TraceFilter } from '../src/trace-filter.ts';
import { fetchStatistics, type Statistics } from './data-source.ts';
import { useLoaded } from './loaded.ts';
import { layoutMap, type MapLayout, NODE, type PlacedNode } from './map-layout.ts';
import { Omitted } from './omitted.tsx';
import { addressOf } from './page-route.ts';

/** The services of the last traces, with the calls between them. */
export function MapView({ filter }: { readonly filter: TraceFilter }) {
  const loaded = useLoaded(String(filterToParameters(filter)), () => fetchStatistics(filter));
  if (loaded.state === 'loading') return <p role="status">Loading …</p>;
  if (loaded.state === 'failed') return <p role="alert">{loaded.reason}</p>;
  const { value } = loaded;
  if (value.nodes.length === 0) return <p class="empty">No traces yet, or none matches the filter.</p>;
  return (
    <section aria-label="Services">
      <p class="quiet" role="status">
        {plural(value.traces, 'trace')} in {formatDuration(value.seconds * 1e9)}
        {Object.keys(filter).length > 0 && ` · filter: ${printable(String(filterToParameters(filter)))}`}
      </p>
      <div class="map">
        <Picture layout={layoutMap(value)} statistics={value} filter={filter} />
      </div>
      <Omitted count={value.omittedNodes} of="node" />
      <CallTable statistics={value} />
    </section>
  );
}

interface PictureProps {
  readonly layout: MapLayout;
  readonly statistics: Statistics;
  readonly filter: TraceFilter;
}

function Picture({ layout, statistics, filter }: PictureProps) {
  const { nodes, edges, width, height } = layout;
  return (
    <svg width={width + 20} height={height + 10} viewBox={`-10 0 ${width + 20} ${height + 10}`} role="img">
      <title>Services and their calls; the table below has the same</title>
      {edges.map((edge) => (
        <Edge
          key={`${edge.from} ${edge.to}`}
          edge={edge}
          from={nodes.get(edge.from)!}
          to={nodes.get(edge.to)!}
        />
      ))}
      {Array.from(nodes.values(), (placed) => (
        <Node key={placed.node.name} placed={placed} seconds={statistics.seconds} filter={filter} />
      ))}
    </svg>
  );
}

function Edge({
  edge,
  from,
  to,
}: {
  readonly edge: MapEdge;
  readonly from: PlacedNode;
  readonly to: PlacedNode;
}) {
  const [x1, y1] = [from.x + NODE.width, from.y + NODE.height / 2];
  const [x2, y2] = [to.x, to.y + NODE.height / 2];
  // A call back is drawn around its nodes.
  const bend = x2 > x1 ? (x2 - x1) / 2 : 90;
  const isFailing = edge.errors > 0;
  return (
    <g class={isFailing ? 'edge failing' : 'edge'}>
      <path d={`M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2 - 4} ${y2}`} />
      <path class="tip" d={`M${x2} ${y2} l-8 -4 v8 z`} />
      <text x={(x1 + x2) / 2} y={(y1 + y2) / 2 - 6}>
        {edge.calls}× · {formatDuration(edge.p50Ms * 1e6)}
      </text>
    </g>
  );
}

interface NodeProps {
  readonly placed: PlacedNode;
  readonly seconds: number;
  readonly filter: TraceFilter;
}

function Node({ placed: { node, x, y }, seconds, filter }: NodeProps) {
  const name = printable(node.name);
  const drawing = (
    <g class={`node ${node.type}${node.errors > 0 ? ' failing' : ''}`} transform={`translate(${x} ${y})`}>
      <title>{name}</title>
      <rect width={NODE.width} height={NODE.height} rx={node.type === 'service' ? 8 : 28} />
      <text x={NODE.width / 2} y={20} class="name">
        {name.length > 22 ? `${name.slice(0, 21)}…` : name}
      </text>
      <text x={NODE.width / 2} y={37}>
        {rateText(node, seconds)}
      </text>
      {node.calls > 0 && (
        <text x={NODE.width / 2} y={52}>
          p50 {formatDuration(node.p50Ms * 1e6)} · p99 {formatDuration(node.p99Ms * 1e6)}
        </text>
      )}
    </g>
  );
  if (node.type !== 'service') return drawing;
  return (
    <a
      href={addressOf({ view: 'list', filter: { ...filter, service: node.name } })}
      aria-label={`Traces of ${name}`}
    >
      {drawing}
    </a>
  );
}

function rateText({ calls, errors }: LatencySummary, seconds: number): string {
  if (calls === 0) return 'only calls others';
  const rate = seconds > 0 ? `${(calls / seconds).toPrecision(2)}/s` : `${calls} calls`;
  return errors === 0 ? rate : `${rate} · ${percent(errors, calls)} errors`;
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toPrecision(2)} %`;
}

function CallTable({ statistics: { edges } }: { readonly statistics: Statistics }) {
  return (
    <table>
      <caption>Calls</caption>
      <thead>
        <tr>
          {['From', 'To', 'Calls', 'Errors', 'p50', 'p99'].map((title, index) => (
            <th key={title} scope="col" class={index > 1 ? 'number' : undefined}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {edges.map(({ from, to, calls, errors, p50Ms, p99Ms }) => (
          <tr key={`${from} ${to}`} class={errors > 0 ? 'failed' : undefined}>
            <td>{printable(from)}</td>
            <td>{printable(to)}</td>
            <td class="number">{calls}</td>
            <td class="number">{errors || ''}</td>
            <td class="number">{formatDuration(p50Ms * 1e6)}</td>
            <td class="number">{formatDuration(p99Ms * 1e6)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

import { selfTimes } from './self-time.ts';
import type { SpanKind, Trace } from './span-record.ts';
import { layoutTrace } from './trace-layout.ts';
import { hasFailed, subtreeEnds } from './trace-rows.ts';

/** All spans of a trace at the same place: with the same names, services and kinds up to the root. */
export interface PlaceTotals {
  readonly count: number;
  readonly errors: number;
  readonly totalNs: number;
  readonly selfNs: number;
}

/** A place in two traces. */
export interface PlaceDifference {
  readonly name: string;
  readonly service: string;
  readonly kind: SpanKind;
  readonly depth: number;
  /** `undefined` if the trace has no such span. */
  readonly before: PlaceTotals | undefined;
  readonly after: PlaceTotals | undefined;
}

interface Place {
  readonly name: string;
  readonly service: string;
  readonly kind: SpanKind;
  readonly depth: number;
  readonly children: Map<string, Place>;
  readonly totals: (Mutable<PlaceTotals> | undefined)[];
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** Compares two traces place by place, in the order of the tree. */
export function compareTraces(before: Trace, after: Trace): PlaceDifference[] {
  const top: Place = { name: '', service: '', kind: 'INTERNAL', depth: -1, children: new Map(), totals: [] };
  for (const [side, trace] of [before, after].entries()) addTrace(top, trace, side);
  const differences: PlaceDifference[] = [];
  const stack = [...top.children.values()].reverse();
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const { name, service, kind, depth, totals, children } = place;
    differences.push({ name, service, kind, depth, before: totals[0], after: totals[1] });
    for (const child of [...children.values()].reverse()) stack.push(child);
  }
  return differences;
}

function addTrace(top: Place, trace: Trace, side: number): void {
  const { rows } = layoutTrace(trace);
  const selfNs = selfTimes(rows, subtreeEnds(rows));
  // The places of the ancestors of the current row.
  const path = [top];
  for (const [index, row] of rows.entries()) {
    path.length = row.depth + 1;
    const place = placeBelow(path[row.depth]!, row.span.name, row.service, row.span.kind);
    path.push(place);
    place.totals[side] ??= { count: 0, errors: 0, totalNs: 0, selfNs: 0 };
    const totals = place.totals[side];
    totals.count++;
    totals.errors += Number(hasFailed(row));
    totals.totalNs += row.durationNs;
    totals.selfNs += selfNs[index]!;
  }
}

function placeBelow(parent: Place, name: string, service: string, kind: SpanKind): Place {
  const key = `${kind}\n${service}\n${name}`;
  const known = parent.children.get(key);
  if (known !== undefined) return known;
  const place = { name, service, kind, depth: parent.depth + 1, children: new Map(), totals: [] };
  parent.children.set(key, place);
  return place;
}

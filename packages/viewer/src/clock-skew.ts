import type { Resource, SpanRecord } from './span-record.ts';

/** A span and the span that caused it, on one time axis in nanoseconds. */
export interface Edge {
  readonly parent: Timed;
  readonly child: Timed;
}

/** A span with its times on that axis. */
export interface Timed {
  readonly span: SpanRecord;
  readonly startNs: number;
  readonly durationNs: number;
}

/** The range of shifts of a callee's clock that places all of its spans within their callers. */
interface Bounds {
  atLeast: number;
  atMost: number;
}

/**
 * Returns for each process (see `processOf`) by how many nanoseconds its spans are shown later. A clock counts as
 * wrong only if a span starts before the span in another process that caused it, which is impossible. All spans of
 * that process are then shifted by one amount: the smallest that corrects this, or, if its calls fit inside their
 * callers, the middle of the possible range (assuming that requests and responses take equally long). A callee
 * that ends after its caller is not corrected: callers time out.
 */
export function clockShifts(edges: readonly Edge[]): Map<string, number> {
  const bounds = new Map<string, Map<string, Bounds>>();
  for (const { parent, child } of edges) {
    const caller = processOf(parent.span.resource);
    const callee = processOf(child.span.resource);
    if (caller !== callee) narrow(entry(entry(bounds, caller, newMap), callee, unbounded), parent, child);
  }
  const callees = new Set([...bounds.values()].flatMap((inner) => [...inner.keys()]));
  const shifts = new Map<string, number>();
  // Start with the processes that have no caller; in a cycle of calls, with the first one found.
  for (const start of [...[...bounds.keys()].filter((key) => !callees.has(key)), ...bounds.keys()]) {
    shiftFrom(start, bounds, shifts);
  }
  return shifts;
}

function shiftFrom(
  start: string,
  bounds: Map<string, Map<string, Bounds>>,
  shifts: Map<string, number>,
): void {
  if (shifts.has(start)) return;
  shifts.set(start, 0);
  const queue = [start];
  for (const caller of queue) {
    const shift = shifts.get(caller)!;
    for (const [callee, { atLeast, atMost }] of bounds.get(caller) ?? []) {
      if (shifts.has(callee)) continue;
      const minShift = atLeast + shift;
      const middleShift = (minShift + Math.max(minShift, atMost + shift)) / 2;
      shifts.set(callee, minShift <= 0 ? 0 : Number.isFinite(middleShift) ? middleShift : minShift);
      queue.push(callee);
    }
  }
}

function narrow(bounds: Bounds, parent: Timed, child: Timed): void {
  bounds.atLeast = Math.max(bounds.atLeast, parent.startNs - child.startNs);
  if (parent.span.kind !== 'CLIENT' || child.span.kind !== 'SERVER') return;
  const end = parent.startNs + parent.durationNs - child.startNs - child.durationNs;
  bounds.atMost = Math.min(bounds.atMost, end);
}

const unbounded = (): Bounds => ({ atLeast: Number.NEGATIVE_INFINITY, atMost: Number.POSITIVE_INFINITY });
const newMap = (): Map<string, Bounds> => new Map();

function entry<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

const names = new WeakMap<Resource, string>();

/** Identifies what shares one clock: the service's name and the attributes that distinguish its instances. */
export function processOf(resource: Resource): string {
  let name = names.get(resource);
  if (name === undefined) {
    const keys = ['service.name', 'service.instance.id', 'host.name', 'process.pid'];
    name = JSON.stringify(keys.map((key) => String(resource.attributes[key] ?? '')));
    names.set(resource, name);
  }
  return name;
}

import type { Resource, SpanRecord } from './span-record.ts';

/** A span and the one that caused it, on one axis of nanoseconds. */
export interface Edge {
  readonly parent: Timed;
  readonly child: Timed;
}

export interface Timed {
  readonly span: SpanRecord;
  readonly startNs: number;
  readonly durationNs: number;
}

/** By how much a process's clock may be moved so that each of its calls fits its caller. */
interface Bounds {
  atLeast: number;
  atMost: number;
}

/**
 * By how many nanoseconds the spans of each process (its `processOf`) are to be shown later. A clock is only called
 * wrong when a span starts before the span in another process that caused it: that can't be. Then all spans of that
 * process move by one amount: the smallest that mends it, or, when its calls fit inside their callers, the middle of
 * what is possible (a request takes as long as its response). A callee that ends late stays as it is: callers give up.
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
  // From the processes that nobody called; then, in a circle of calls, from whichever came first.
  for (const start of [...[...bounds.keys()].filter((key) => !callees.has(key)), ...bounds.keys()]) {
    settle(start, bounds, shifts);
  }
  return shifts;
}

function settle(start: string, bounds: Map<string, Map<string, Bounds>>, shifts: Map<string, number>): void {
  if (shifts.has(start)) return;
  shifts.set(start, 0);
  const queue = [start];
  for (const caller of queue) {
    const shift = shifts.get(caller)!;
    for (const [callee, { atLeast, atMost }] of bounds.get(caller) ?? []) {
      if (shifts.has(callee)) continue;
      const least = atLeast + shift;
      const middle = (least + Math.max(least, atMost + shift)) / 2;
      shifts.set(callee, least <= 0 ? 0 : Number.isFinite(middle) ? middle : least);
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

/** What has one clock: the service's name with what tells its instances apart. */
export function processOf(resource: Resource): string {
  let name = names.get(resource);
  if (name === undefined) {
    const keys = ['service.name', 'service.instance.id', 'host.name', 'process.pid'];
    name = JSON.stringify(keys.map((key) => String(resource.attributes[key] ?? '')));
    names.set(resource, name);
  }
  return name;
}

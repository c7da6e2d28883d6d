import { type Latencies, type LatencySummary, LatencyTable } from './latencies.ts';
import { type SpanRecord, serviceName } from './span-record.ts';
import { shortName, valueText } from './span-text.ts';

/** Services, what they call, and how these calls went. */
export interface ServiceMap {
  readonly nodes: readonly MapNode[];
  /** The number of services and systems that were left out; 100 with the most calls are kept. */
  readonly omittedNodes: number;
  readonly edges: readonly MapEdge[];
  /** The number of traces that it was made from. */
  readonly traces: number;
  /** From the start of the first span to the end of the last one. */
  readonly seconds: number;
}

/** A service, or a system that sends no spans; the calls are those that it received. */
export interface MapNode extends LatencySummary {
  readonly name: string;
  readonly type: 'service' | 'database' | 'queue' | 'external';
}

/** The calls of one node to another; their durations are those that the caller saw, for messages those of handling. */
export interface MapEdge extends LatencySummary {
  readonly from: string;
  readonly to: string;
}

/** The same operation in many traces: all spans with this service, kind and name. */
export interface Operation extends LatencySummary {
  readonly service: string;
  readonly kind: SpanRecord['kind'];
  readonly name: string;
}

/** More services and systems are left out. */
export const MAX_NODES = 100;
/** More operations are left out. */
export const MAX_OPERATIONS = 1000;
/** More calls between services are left out. */
const MAX_EDGES = 1000;

type Label<Value extends LatencySummary> = Omit<Value, keyof LatencySummary>;

/** Makes a service map and statistics of operations from traces. Of many, those with the most calls are kept. */
export class ServiceStatistics {
  #traces = 0;
  #first = Number.POSITIVE_INFINITY;
  #last = 0;
  readonly #nodes = new LatencyTable<Label<MapNode>>(MAX_NODES);
  readonly #edges = new LatencyTable<Label<MapEdge>>(MAX_EDGES);
  readonly #operations = new LatencyTable<Label<Operation>>(MAX_OPERATIONS);

  /** Adds the spans of one trace. */
  add(spans: readonly SpanRecord[]): void {
    this.#traces++;
    const calling = new Map<string, SpanRecord>();
    const served = new Set<string>();
    for (const span of spans) {
      if (!isServing(span)) calling.set(span.spanId, span);
      else for (const id of [span.parentSpanId ?? '', span.spanId]) served.add(id);
    }
    for (const span of spans) {
      this.#addOperation(span);
      if (isServing(span)) this.#addServed(span, callerOf(span, calling));
      else if (!served.has(span.spanId)) this.#addCalled(span);
    }
  }

  map(): ServiceMap {
    const nodes = this.#nodes.summaries();
    const names = new Set(nodes.map(({ name }) => name));
    const edges = this.#edges.summaries().filter(({ from, to }) => names.has(from) && names.has(to));
    const seconds = Math.max(0, this.#last - this.#first) / 1e9;
    return { nodes, omittedNodes: this.#nodes.omitted, edges, traces: this.#traces, seconds };
  }

  operations(): Operation[] {
    return this.#operations.summaries();
  }

  #addOperation(span: SpanRecord): void {
    this.#first = Math.min(this.#first, Number(span.startTimeUnixNano));
    this.#last = Math.max(this.#last, Number(span.endTimeUnixNano));
    const { kind } = span;
    const [service, name] = [serviceOf(span), shortName(span.name)];
    this.#operations.of(`${service}\n${kind}\n${name}`, { service, kind, name }).add(...callOf(span));
  }

  #addServed(span: SpanRecord, caller: SpanRecord | undefined): void {
    const to = serviceOf(span);
    this.#node(to, 'service').add(...callOf(span));
    if (caller === undefined) return;
    const from = serviceOf(caller);
    this.#node(from, 'service');
    this.#edge(from, to).add(...callOf(caller.kind === 'CLIENT' ? caller : span));
  }

  /** A call of something that sends no spans. */
  #addCalled(span: SpanRecord): void {
    const called = calledBy(span);
    const from = serviceOf(span);
    this.#node(from, 'service');
    if (called === undefined) return;
    const to = shortName(called.name);
    this.#node(to, called.type).add(...callOf(span));
    this.#edge(from, to).add(...callOf(span));
  }

  #node(name: string, type: MapNode['type']): Latencies {
    return this.#nodes.of(name, { name, type });
  }

  #edge(from: string, to: string): Latencies {
    return this.#edges.of(`${from}\n${to}`, { from, to });
  }
}

function serviceOf(span: SpanRecord): string {
  return shortName(serviceName(span.resource));
}

function isServing({ kind }: SpanRecord): boolean {
  return kind === 'SERVER' || kind === 'CONSUMER';
}

/** In Zipkin's model, both sides of a call have one id. */
function callerOf(span: SpanRecord, calling: ReadonlyMap<string, SpanRecord>): SpanRecord | undefined {
  return calling.get(span.parentSpanId ?? '') ?? calling.get(span.spanId);
}

function calledBy(span: SpanRecord): { name: string; type: MapNode['type'] } | undefined {
  const { attributes, kind } = span;
  if (kind !== 'CLIENT' && kind !== 'PRODUCER') return undefined;
  const database = attributes['db.system.name'] ?? attributes['db.system'];
  if (database !== undefined) {
    const namespace = attributes['db.namespace'] ?? attributes['db.name'];
    const name = [database, ...(namespace === undefined ? [] : [namespace])].map(valueText).join(' ');
    return { name, type: 'database' };
  }
  const queue = attributes['messaging.system'];
  if (queue !== undefined) return { name: valueText(queue), type: 'queue' };
  const host = attributes['server.address'] ?? attributes['rpc.service'];
  return host === undefined ? undefined : { name: valueText(host), type: 'external' };
}

function callOf(span: SpanRecord): [durationNs: number, isError: boolean] {
  const durationNs = Math.max(0, Number(span.endTimeUnixNano - span.startTimeUnixNano));
  return [durationNs, span.status.code === 'ERROR'];
}

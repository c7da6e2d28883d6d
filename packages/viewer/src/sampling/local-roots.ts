import type { Facts, Origin } from '@clew/sampling';
import { type Attributes as OtelAttributes, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Attributes, AttributeValue, SpanRecord } from '../span-record.ts';

/** A stored local root, as far as a sampler would have known it. */
export interface StoredRoot {
  readonly facts: Facts;
  readonly resource: OtelAttributes;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly isError: boolean;
  /** Whether a user had asked for the trace. */
  readonly isRequested: boolean;
}

const KINDS = { INTERNAL: 0, SERVER: 1, CLIENT: 2, PRODUCER: 3, CONSUMER: 4 } as const;

/** The local roots among the spans of a trace: those without a parent in the same process. */
export function localRoots(spans: readonly SpanRecord[]): StoredRoot[] {
  const byId = new Map<string, SpanRecord[]>();
  for (const span of spans) byId.set(span.spanId, [...(byId.get(span.spanId) ?? []), span]);
  const isLocalChild = ({ parentSpanId, resource }: SpanRecord) =>
    (byId.get(parentSpanId ?? '') ?? []).some((parent) => isSame(parent.resource, resource));
  return spans.filter((span) => !isLocalChild(span)).map(toRoot);
}

/** Stored spans of one process have resources of the same content. */
function isSame(a: SpanRecord['resource'], b: SpanRecord['resource']): boolean {
  return a === b || JSON.stringify(a.attributes) === JSON.stringify(b.attributes);
}

function toRoot(span: SpanRecord): StoredRoot {
  const attributes = known(span.attributes);
  const method = attributes['http.request.method'];
  const route = attributes['http.route'];
  const isRequested = attributes['clew.sampling.kept'] === 'requested';
  return {
    facts: {
      // The name of a server's span changes when the route is known.
      name: span.kind === 'SERVER' && typeof method === 'string' ? method : span.name,
      kind: KINDS[span.kind],
      attributes,
      context: ROOT_CONTEXT,
      origin: originOf(span, isRequested),
      ...randomOf(span),
      route: typeof route === 'string' ? route : undefined,
      routeIsFinal: true,
    },
    resource: known(span.resource.attributes),
    startMs: Number(span.startTimeUnixNano / 1000n) / 1000,
    durationMs: Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1e6,
    isError: span.status.code === 'ERROR',
    isRequested,
  };
}

/** Whether a remote parent was sampled is not stored; most parents of stored spans were. */
function originOf(span: SpanRecord, isRequested: boolean): Origin {
  if (isRequested) return 'signed';
  return span.parentSpanId === undefined ? 'root' : 'remote-sampled';
}

/** The random bits of consistent probability. */
function randomOf({ traceId, traceState }: SpanRecord): { randomHigh: number; randomLow: number } {
  const [, rv] = /(?:^|,)\s*ot=[^,]*\brv:([0-9a-f]{14})(?:[;,]|$)/.exec(traceState) ?? [];
  const digits = rv ?? traceId.slice(-14);
  return {
    randomHigh: Number.parseInt(digits.slice(0, 6), 16),
    randomLow: Number.parseInt(digits.slice(6), 16),
  };
}

/** The attributes that policies can compare: texts, numbers, booleans, and lists of texts. */
function known(attributes: Attributes): OtelAttributes {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([key, value]) => {
      const comparable = toOtel(value);
      return comparable === undefined ? [] : [[key, comparable]];
    }),
  );
}

function toOtel(value: AttributeValue): string | number | boolean | string[] | undefined {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return Array.isArray(value) ? value.map(String) : undefined;
}

/** The summary of a trace in a list. */
export interface TraceSummary {
  readonly traceId: string;
  /** The place in the order of arrival, from 1. */
  readonly seq: number;
  /**
   * The name of the root span, or of the SERVER span that a client at the root has called; of the earliest span until
   * the root has arrived.
   */
  readonly name: string;
  /** The service of the span with that name. */
  readonly service: string;
  /** The route of that span's request, the method of its RPC or the destination of its message; else its name. */
  readonly route: string;
  /** The HTTP status of that span. */
  readonly status?: number;
  /** The sampling policy that kept the trace. */
  readonly policy?: string;
  /** In the order of arrival, at most 100. */
  readonly services: readonly string[];
  /** Nanoseconds since 1970, as a decimal string. */
  readonly startTimeUnixNano: string;
  readonly durationMs: number;
  readonly spans: number;
  readonly errors: number;
}

/** The row of a trace in a list. */
export interface SummaryRow {
  readonly seq: number;
  readonly id: string;
  readonly first: string;
  readonly durationMs: number;
  readonly spans: number;
  readonly errors: number;
  readonly services: string;
  readonly policy: string | null;
  readonly name: string;
  readonly service: string;
  readonly route: string;
  readonly status: number | null;
}

/** Reads the row of a trace. */
export function summaryOf({ id, first, services, status, policy, ...row }: SummaryRow): TraceSummary {
  const { name, service, route, durationMs, spans, errors, seq } = row;
  return {
    traceId: id,
    seq,
    name,
    service,
    route,
    ...(status !== null && { status }),
    ...(policy !== null && { policy }),
    services: JSON.parse(services),
    startTimeUnixNano: first,
    durationMs,
    spans,
    errors,
  };
}

import { type SpanRecord, serviceName } from './span-record.ts';
import { shortName, valueText } from './span-text.ts';
import { MAX_INT64 } from './store-queries.ts';
import { betterHead, type TraceHead } from './trace-head.ts';

/** A trace's row, as `addTrace` returns it. */
export interface TallyRow {
  readonly seq: number;
  readonly spans: number;
  readonly services: string;
  readonly policy: string | null;
  readonly name: string;
  readonly service: string;
  readonly route: string;
  readonly status: number | null;
  readonly headId: string;
  readonly headKind: string;
  readonly headRank: number;
  readonly headFirst: string;
}

/** More services of one trace are not listed. */
const MAX_SERVICES = 100;

/** What is known of a trace while spans are added to it. */
export class TraceTally {
  readonly seq: number;
  spans: number;
  #first = MAX_INT64;
  #last = 0n;
  #errors = 0;
  #policy: string | null;
  #head: TraceHead;
  readonly #services: Set<string>;

  constructor(row: TallyRow) {
    this.seq = row.seq;
    this.spans = row.spans;
    this.#policy = row.policy;
    this.#services = new Set(JSON.parse(row.services) as string[]);
    this.#head = {
      spanId: row.headId,
      kind: row.headKind as TraceHead['kind'],
      rank: row.headRank,
      firstNs: BigInt(row.headFirst),
      name: row.name,
      service: row.service,
      route: row.route,
      status: row.status ?? undefined,
    };
  }

  /** Counts a span. `serverBelow` returns a stored SERVER span that a client span of this id has called. */
  add(span: SpanRecord, serverBelow: (spanId: string) => SpanRecord | undefined): void {
    const first = clamp(span.startTimeUnixNano);
    const last = clamp(span.endTimeUnixNano);
    if (first < this.#first) this.#first = first;
    if (first > this.#last) this.#last = first;
    if (last > this.#last) this.#last = last;
    this.spans++;
    if (span.status.code === 'ERROR') this.#errors++;
    if (this.#services.size < MAX_SERVICES) this.#services.add(shortName(serviceName(span.resource)));
    const policy = span.attributes['clew.sampling.policy'];
    if (policy !== undefined) this.#policy ??= shortName(valueText(policy));
    this.#head = betterHead(this.#head, span, serverBelow);
  }

  /** The parameters of `update`. */
  get values(): (string | number | bigint | null)[] {
    const { name, service, route, status, spanId, kind, rank, firstNs } = this.#head;
    const head = [name, service, route, status ?? null, spanId, kind, rank, String(firstNs)];
    const services = JSON.stringify([...this.#services]);
    return [this.#first, this.#last, this.spans, this.#errors, services, this.#policy, ...head, this.seq];
  }
}

/** The nearest time that the store can hold. */
export function clamp(time: bigint): bigint {
  return time > MAX_INT64 ? MAX_INT64 : time;
}

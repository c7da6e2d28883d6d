import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { openDatabase } from './database.ts';
import { joinJson, originToJson, spanFromJson, spanToJson } from './span-json.ts';
import { type SpanRecord, serviceName, type Trace } from './span-record.ts';
import { MAX_INT64, QUERIES } from './store-queries.ts';

/** Options of a `TraceStore`. */
export interface StoreOptions {
  /** The file, created if necessary. Default: in memory. */
  readonly file?: string;
  /** Maximum size of the store in MiB, at least 1; beyond it the oldest traces are removed. Default 256. */
  readonly maxMb?: number;
  /** Open an existing file for reading only. Default false. */
  readonly readOnly?: boolean;
}

/** Filters of a list of traces. */
export interface TraceQuery {
  /** Only traces with a span of this service. */
  readonly service?: string;
  /** [1, 10000], default 20. */
  readonly limit?: number;
  readonly minDurationMs?: number;
  /** Only traces with a failed span. Default false. */
  readonly errors?: boolean;
}

/** The summary of a trace in a list. */
export interface TraceSummary {
  readonly traceId: string;
  /** The root span's name; the earliest span's until the root has arrived. */
  readonly name: string;
  readonly service: string;
  readonly services: readonly string[];
  /** Nanoseconds since 1970, as a decimal string. */
  readonly startTimeUnixNano: string;
  readonly durationMs: number;
  readonly spans: number;
  readonly errors: number;
}

const MIB = 1024 * 1024;

type Statements = { readonly [Name in keyof typeof QUERIES]: StatementSync };

interface TraceRow {
  readonly seq: number;
  readonly id: string;
  readonly first: string;
  readonly durationMs: number;
  readonly spans: number;
  readonly errors: number;
}

interface SpanRow {
  readonly body: string;
  readonly origin: string;
}

/**
 * Stores traces in SQLite, up to a maximum size. Throws SQLite's errors (no space, not a database, file locked).
 *
 * @example
 * const store = new TraceStore({ file: 'traces.db', maxMb: 64 });
 * store.add(decodeTraces(body, 'application/x-protobuf'));
 * const [latest] = store.traces({ limit: 1 });
 */
export class TraceStore {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #maxPages: number;

  constructor({ file, maxMb = 256, readOnly = false }: StoreOptions = {}) {
    if (!(maxMb >= 1)) throw new RangeError(`@clew/viewer: expected maxMb of at least 1, got ${maxMb}`);
    this.#database = openDatabase(file, readOnly);
    this.#statements = Object.fromEntries(
      Object.entries(QUERIES).map(([name, sql]) => [name, this.#database.prepare(sql)]),
    ) as Statements;
    this.#maxPages = Math.floor((maxMb * MIB) / Number(this.#statements.pageSize.get()?.page_size));
    if (!readOnly) this.#trim();
  }

  /** Stores spans; ignores those already stored (same trace, id and kind), as from a retried export. */
  add(spans: readonly SpanRecord[]): void {
    if (spans.length === 0) return;
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      this.#insert(spans);
      this.#trim();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Returns the most recently received traces, newest first. */
  traces({ service, limit = 20, minDurationMs = 0, errors = false }: TraceQuery = {}): TraceSummary[] {
    const rows = this.#statements.traces.all(
      errors ? 1 : 0,
      minDurationMs * 1e6,
      service ?? null,
      service ?? null,
      limit,
    );
    return rows.map((row) => this.#summarize(row as unknown as TraceRow));
  }

  /** Returns the summary of one trace. */
  summary(traceId: string): TraceSummary | undefined {
    const row = this.#statements.summary.get(traceId);
    return row && this.#summarize(row as unknown as TraceRow);
  }

  /** Returns at most two trace ids that start with `prefix`: enough to know whether it is unique. */
  ids(prefix: string): string[] {
    return this.#statements.ids.all(prefix, prefix).map((row) => String(row.id));
  }

  trace(traceId: string): Trace | undefined {
    const json = this.traceJson(traceId);
    return json === undefined ? undefined : traceFromJson(json);
  }

  /** Returns a trace in the query API's format: `{ "traceId": …, "spans": […] }`. */
  traceJson(traceId: string): string | undefined {
    const rows = this.#statements.spans.all(traceId) as unknown as SpanRow[];
    if (rows.length === 0) return undefined;
    const spans = rows.map((row) => joinJson(row.body, row.origin));
    return `{"traceId":${JSON.stringify(traceId)},"spans":[${spans.join(',')}]}`;
  }

  /** Returns how many traces and spans are stored. */
  counts(): { traces: number; spans: number } {
    const { traces, spans } = this.#statements.counts.get() as { traces: number; spans: number };
    return { traces, spans };
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #summarize(row: TraceRow): TraceSummary {
    const { head, services } = this.#statements;
    return {
      traceId: row.id,
      ...(head.get(row.seq) as { name: string; service: string }),
      services: services.all(row.seq).map((found) => String(found.service)),
      startTimeUnixNano: row.first,
      durationMs: row.durationMs,
      spans: row.spans,
      errors: row.errors,
    };
  }

  #insert(spans: readonly SpanRecord[]): void {
    const { addTrace, addSpan, update } = this.#statements;
    const touched = new Map<string, Tally>();
    let origin = '';
    let previous: SpanRecord | undefined;
    for (const span of spans) {
      let tally = touched.get(span.traceId);
      if (tally === undefined) {
        tally = {
          seq: Number(addTrace.get(span.traceId)?.seq),
          first: MAX_INT64,
          last: 0n,
          spans: 0,
          errors: 0,
        };
        touched.set(span.traceId, tally);
      }
      if (span.scope !== previous?.scope || span.resource !== previous.resource) {
        origin = originToJson(span.resource, span.scope);
      }
      previous = span;
      const first = clamp(span.startTimeUnixNano);
      const root = span.parentSpanId === undefined ? 1 : 0;
      const service = serviceName(span.resource);
      const { seq } = tally;
      const { changes } = addSpan.run(
        seq,
        span.spanId,
        span.kind,
        root,
        first,
        span.name,
        service,
        spanToJson(span),
        origin,
      );
      if (Number(changes) === 0) continue;
      if (first < tally.first) tally.first = first;
      const last = clamp(span.endTimeUnixNano);
      if (first > tally.last) tally.last = first;
      if (last > tally.last) tally.last = last;
      tally.spans++;
      if (span.status.code === 'ERROR') tally.errors++;
    }
    for (const { seq, first, last, spans, errors } of touched.values())
      update.run(first, last, spans, errors, seq);
  }

  #trim(): void {
    if (this.#usedPages() <= this.#maxPages) return;
    const { oldest, removeSpans, removeTrace } = this.#statements;
    // Remove a tenth more than needed, so that not every further batch has to remove something.
    while (this.#usedPages() > this.#maxPages * 0.9) {
      const row = oldest.get();
      if (row === undefined) return;
      removeSpans.run(row.seq as number);
      removeTrace.run(row.seq as number);
    }
  }

  #usedPages(): number {
    const { pages, freePages } = this.#statements;
    return Number(pages.get()?.page_count) - Number(freePages.get()?.freelist_count);
  }
}

interface Tally {
  readonly seq: number;
  first: bigint;
  last: bigint;
  spans: number;
  errors: number;
}

function clamp(time: bigint): bigint {
  return time > MAX_INT64 ? MAX_INT64 : time;
}

/** Parses a trace in the query API's format. */
export function traceFromJson(json: string): Trace {
  const { traceId, spans } = JSON.parse(json);
  return { traceId, spans: spans.map(spanFromJson) };
}

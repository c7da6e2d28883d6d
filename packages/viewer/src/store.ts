import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { openDatabase } from './database.ts';
import type { LogRecord } from './log-record.ts';
import { LogStore } from './log-store.ts';
import { joinJson, originToJson, spanFromJson, spanToJson } from './span-json.ts';
import type { SpanRecord, Trace } from './span-record.ts';
import { QUERIES } from './store-queries.ts';
import type { TraceFilter } from './trace-filter.ts';
import { traceFromJson } from './trace-from-json.ts';
import { type SpanRow, traceJsonParts } from './trace-json.ts';
import { searchTraces } from './trace-search.ts';
import { type SummaryRow, summaryOf, type TraceSummary } from './trace-summary.ts';
import { clamp, type TallyRow, TraceTally } from './trace-tally.ts';

/** Options of a `TraceStore`. */
export interface StoreOptions {
  /** The file, created if necessary. Default: in memory. */
  readonly file?: string;
  /** Maximum size of the store in MiB, at least 1; beyond it the oldest traces are removed. Default 256. */
  readonly maxMb?: number;
  /** Maximum age of a trace in hours, at least 0.01; older ones are removed. Default: no maximum. */
  readonly maxAgeHours?: number;
  /** Open an existing file for reading only. Default false. */
  readonly readOnly?: boolean;
}

/** A query for traces. */
export interface TraceQuery extends TraceFilter {
  /** [1, 10000], default 20. */
  readonly limit?: number;
  /** Only traces received before the one with this `seq`. */
  readonly before?: number;
}

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;

type Statements = { readonly [Name in keyof typeof QUERIES]: StatementSync };

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
  readonly #logs: LogStore;
  readonly #maxPages: number;
  readonly #maxAgeMs: number;
  #version = 0;

  constructor({ file, maxMb = 256, maxAgeHours, readOnly = false }: StoreOptions = {}) {
    if (!(maxMb >= 1)) throw new RangeError(`@clew/viewer: expected maxMb of at least 1, got ${maxMb}`);
    if (maxAgeHours !== undefined && !(maxAgeHours >= 0.01))
      throw new RangeError(`@clew/viewer: expected maxAgeHours of at least 0.01, got ${maxAgeHours}`);
    this.#maxAgeMs = (maxAgeHours ?? Number.POSITIVE_INFINITY) * HOUR_MS;
    this.#database = openDatabase(file, readOnly);
    this.#statements = Object.fromEntries(
      Object.entries(QUERIES).map(([name, sql]) => [name, this.#database.prepare(sql)]),
    ) as Statements;
    this.#logs = new LogStore(this.#database);
    this.#maxPages = Math.floor((maxMb * MIB) / Number(this.#statements.pageSize.get()?.page_size));
    if (!readOnly) this.trim();
  }

  /** Changes whenever the stored traces may have changed through this object. */
  get version(): number {
    return this.#version;
  }

  /** Stores spans; ignores those already stored (same trace, id and kind), as from a retried export. */
  add(spans: readonly SpanRecord[]): void {
    if (spans.length === 0) return;
    this.#transaction(() => {
      this.#insert(spans);
      this.#trimSize();
    });
  }

  /**
   * Stores log records, which may arrive before the spans of their trace. They are removed with the trace, or if no span of
   * it arrives within ten minutes. Returns how many were rejected: a trace has at most 10,000, and 16 MiB.
   */
  addLogs(records: readonly LogRecord[]): number {
    if (records.length === 0) return 0;
    let rejected = 0;
    this.#transaction(() => {
      rejected = this.#logs.add(records);
      this.#trimSize();
    });
    return rejected;
  }

  /** Returns the most recently received traces, newest first. */
  traces({ limit = 20, ...query }: TraceQuery = {}): TraceSummary[] {
    const found: TraceSummary[] = [];
    for (const summary of this.search(query)) {
      if (summary !== undefined) found.push(summary);
      if (found.length === limit) break;
    }
    return found;
  }

  /** Finds traces, newest first. Yields `undefined` after a few milliseconds without a result, for others to work. */
  *search({ before, ...filter }: TraceQuery = {}): Generator<TraceSummary | undefined, void> {
    const newest = Number(this.#statements.newest.get()?.seq);
    const from = before === undefined ? newest : Math.min(newest, before - 1);
    for (const row of searchTraces(this.#database, filter, from)) yield row && summaryOf(row);
  }

  /** Returns the summary of one trace. */
  summary(traceId: string): TraceSummary | undefined {
    const row = this.#statements.summary.get(traceId);
    return row && summaryOf(row as unknown as SummaryRow);
  }

  /** Returns at most two trace ids that start with `prefix`: enough to know whether it is unique. */
  ids(prefix: string): string[] {
    return this.#statements.ids.all(prefix, prefix).map((row) => String(row.id));
  }

  trace(traceId: string): Trace | undefined {
    const json = this.traceJson(traceId);
    return json === undefined ? undefined : traceFromJson(json);
  }

  /** Returns a trace in the query API's format: `{ "traceId": ..., "spans": [...] }`, with `"logs": [...]` if it has some. */
  traceJson(traceId: string): string | undefined {
    const parts = [...this.traceJsonParts(traceId)];
    return parts.length === 0 ? undefined : parts.join('');
  }

  /**
   * Yields the same in parts of a few milliseconds of work, up to `limit` spans, by default with log records; nothing for an
   * unknown trace.
   */
  traceJsonParts(
    traceId: string,
    limit = Number.POSITIVE_INFINITY,
    withLogs = true,
  ): Generator<string, void> {
    const logs = withLogs ? this.#logs.select.bind(this.#logs) : () => [];
    return traceJsonParts({ spans: this.#statements.spans, logs }, traceId, limit);
  }

  /** Returns how many traces, spans and log records are stored. */
  counts(): { traces: number; spans: number; logs: number } {
    const { traces, spans } = this.#statements.counts.get() as { traces: number; spans: number };
    return { traces, spans, logs: this.#logs.count() };
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  /** Removes traces that are too old or too many. `add` removes those that are too many, too. */
  trim(): void {
    this.#transaction(() => {
      this.#trimAge();
      this.#trimSize();
    });
  }

  #transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
    this.#version++;
  }

  #insert(spans: readonly SpanRecord[]): void {
    const { addTrace, addSpan, update } = this.#statements;
    const tallies = new Map<string, TraceTally>();
    const received = Date.now();
    let origin = '';
    let previous: SpanRecord | undefined;
    for (const span of spans) {
      let tally = tallies.get(span.traceId);
      if (tally === undefined) {
        tally = new TraceTally(addTrace.get(span.traceId, received) as unknown as TallyRow);
        tallies.set(span.traceId, tally);
      }
      if (span.scope !== previous?.scope || span.resource !== previous.resource)
        origin = originToJson(span.resource, span.scope);
      previous = span;
      const { seq } = tally;
      const { spanId, kind, parentSpanId = null } = span;
      const first = clamp(span.startTimeUnixNano);
      const body = spanToJson(span);
      const { changes } = addSpan.run(seq, spanId, kind, parentSpanId, first, body, origin);
      if (Number(changes) === 1) tally.add(span, (clientId) => this.#servedBy(seq, clientId, tally.spans));
    }
    for (const { values } of tallies.values()) update.run(...values);
  }

  /** The SERVER span that a client span has called. Not searched in a large trace: there is no index for it. */
  #servedBy(seq: number, clientId: string, spans: number): SpanRecord | undefined {
    if (spans > MAX_SEARCHED_SPANS) return undefined;
    const row = this.#statements.servedBy.get(seq, clientId, clientId) as SpanRow | undefined;
    return row && spanFromJson(JSON.parse(joinJson(row.body, row.origin)));
  }

  #trimAge(): void {
    const oldestAllowed = Date.now() - this.#maxAgeMs;
    let removed = true;
    while (removed) removed = this.#removeOldest(oldestAllowed);
  }

  #trimSize(): void {
    if (this.#usedPages() <= this.#maxPages) return;
    // Removes a hundredth more than needed, so that not every part has to remove something: more would delay others.
    while (this.#usedPages() > this.#maxPages * 0.99) if (!this.#removeOldest()) return;
  }

  /** Removes the trace, or the log records of a trace, that are the oldest. Returns `false` if the store is empty. */
  #removeOldest(receivedBefore = Number.POSITIVE_INFINITY): boolean {
    const { oldest, removeSpans, removeTrace } = this.#statements;
    const trace = oldest.get() as { seq: number; id: string; received: number } | undefined;
    const [spans, logs] = [trace?.received ?? Number.POSITIVE_INFINITY, this.#logs.oldest];
    if (Math.min(spans, logs) >= receivedBefore) return false;
    if (trace === undefined || logs < spans) this.#logs.removeOldest();
    else {
      removeSpans.run(trace.seq);
      removeTrace.run(trace.seq);
      this.#logs.removeOf(trace.id);
    }
    return true;
  }

  #usedPages(): number {
    const { pages, freePages } = this.#statements;
    return Number(pages.get()?.page_count) - Number(freePages.get()?.freelist_count);
  }
}

/** Client spans at the root of larger traces are not replaced by a server span that arrived before them. */
const MAX_SEARCHED_SPANS = 1000;

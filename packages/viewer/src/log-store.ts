import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { logToJson } from './log-json.ts';
import type { LogRecord } from './log-record.ts';
import { originToJson } from './span-json.ts';

/** The tables of log records: those of one trace are a row of `logs`, which may arrive before any span of the trace. */
export const LOG_TABLES: Readonly<Record<string, string>> = {
  logs: `(seq INTEGER PRIMARY KEY AUTOINCREMENT, trace TEXT NOT NULL UNIQUE, received INTEGER NOT NULL,
    count INTEGER NOT NULL, chars INTEGER NOT NULL)`,
  log: `(logs INTEGER NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, origin TEXT NOT NULL,
    PRIMARY KEY (logs, number)) WITHOUT ROWID`,
};

const QUERIES = {
  open: `INSERT INTO logs VALUES (NULL, ?, ?, 0, 0) ON CONFLICT (trace) DO UPDATE SET trace = trace
    RETURNING seq, count, chars`,
  insert: 'INSERT INTO log VALUES (?, ?, ?, ?)',
  update: 'UPDATE logs SET count = ?, chars = ? WHERE seq = ?',
  select: `SELECT number, body, origin FROM log
    WHERE logs = (SELECT seq FROM logs WHERE trace = ?) AND number > ? ORDER BY number LIMIT ?`,
  oldest: 'SELECT seq, received FROM logs ORDER BY seq LIMIT 1',
  seqOf: 'SELECT seq FROM logs WHERE trace = ?',
  removeRecords: 'DELETE FROM log WHERE logs = ?',
  remove: 'DELETE FROM logs WHERE seq = ?',
  following: `SELECT seq, received, EXISTS (SELECT 1 FROM trace WHERE id = logs.trace) AS hasTrace FROM logs
    WHERE seq > ? ORDER BY seq LIMIT ?`,
  count: 'SELECT coalesce(sum(count), 0) AS count FROM logs',
};

/** Records of one trace, and characters of their JSON, that are stored; further ones are rejected. */
export const MAX_LOGS = 10_000;
export const MAX_CHARS = 16 * 1024 * 1024;

/** The records of a trace of which no span arrives within this time are removed: most such traces are not sampled. */
const WAIT_MS = 600_000;

/** The traces that each request checks at least. */
const MIN_CHECKED = 10;

/** A row of a stored record. */
export interface LogRow {
  readonly number: number;
  readonly body: string;
  readonly origin: string;
}

/** The log records of a `TraceStore`, in the same database. The caller opens transactions. */
export class LogStore {
  readonly #statements: { readonly [Name in keyof typeof QUERIES]: StatementSync };
  /** All rows up to this one had a trace when they had waited long enough; they are removed with it. */
  #checked = 0;

  constructor(database: DatabaseSync) {
    this.#statements = Object.fromEntries(
      Object.entries(QUERIES).map(([name, sql]) => [name, database.prepare(sql)]),
    ) as { [Name in keyof typeof QUERIES]: StatementSync };
  }

  /** Stores records. Returns how many were rejected, because their trace has too many. */
  add(records: readonly LogRecord[]): number {
    const { open, insert, update } = this.#statements;
    const traces = new Map<string, { seq: number; count: number; chars: number }>();
    const received = Date.now();
    let rejected = 0;
    let origin = '';
    let previous: LogRecord | undefined;
    for (const record of records) {
      let trace = traces.get(record.traceId);
      if (trace === undefined) {
        trace = { ...(open.get(record.traceId, received) as { seq: number; count: number; chars: number }) };
        traces.set(record.traceId, trace);
      }
      if (record.scope !== previous?.scope || record.resource !== previous.resource)
        origin = originToJson(record.resource, record.scope);
      previous = record;
      const body = logToJson(record);
      const chars = trace.chars + body.length + origin.length;
      if (trace.count >= MAX_LOGS || chars > MAX_CHARS) rejected++;
      else {
        insert.run(trace.seq, ++trace.count, body, origin);
        trace.chars = chars;
      }
    }
    for (const { seq, count, chars } of traces.values()) update.run(count, chars, seq);
    this.#removeWaiting(received - WAIT_MS, 2 * traces.size + MIN_CHECKED);
    return rejected;
  }

  /** Returns the records of a trace after a number, up to a limit. */
  select(traceId: string, after: number, limit: number): readonly LogRow[] {
    return this.#statements.select.all(traceId, after, limit) as unknown as LogRow[];
  }

  /** When the first record of the oldest trace was received; infinite if no records are stored. */
  get oldest(): number {
    return Number(this.#statements.oldest.get()?.received ?? Number.POSITIVE_INFINITY);
  }

  /** Removes all records of that trace. */
  removeOldest(): void {
    const row = this.#statements.oldest.get();
    if (row !== undefined) this.#remove(row.seq as number);
  }

  removeOf(traceId: string): void {
    const row = this.#statements.seqOf.get(traceId);
    if (row !== undefined) this.#remove(row.seq as number);
  }

  count(): number {
    return Number(this.#statements.count.get()?.count);
  }

  /** Checks no more traces than a multiple of those that were added: the work of a request is bounded by its size. */
  #removeWaiting(receivedBefore: number, maxTraces: number): void {
    for (const row of this.#statements.following.all(this.#checked, maxTraces)) {
      if (Number(row.received) >= receivedBefore) return;
      if (row.hasTrace === 0) this.#remove(row.seq as number);
      this.#checked = row.seq as number;
    }
  }

  #remove(seq: number): void {
    this.#statements.removeRecords.run(seq);
    this.#statements.remove.run(seq);
  }
}

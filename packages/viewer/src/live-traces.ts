import type { SpanRecord } from './span-record.ts';
import type { TraceStore } from './store.ts';
import { type TableStyle, traceLine } from './trace-table.ts';

const TICK_MS = 250;
const QUIET_MS = 1_000;
const LINES_PER_TICK = 20;
const MAX_PENDING = 10_000;

/**
 * Prints a line for each trace once no span of it has arrived for a second, because several processes send its
 * parts in separate batches. Under load, a summary line replaces most of them.
 */
export class LiveTraces {
  readonly #store: TraceStore;
  readonly #style: TableStyle;
  readonly #write: (text: string) => void;
  readonly #lastSpan = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #omitted = 0;

  constructor(store: TraceStore, style: TableStyle, write: (text: string) => void) {
    this.#store = store;
    this.#style = style;
    this.#write = write;
    this.#timer = setInterval(() => this.#print(performance.now() - QUIET_MS), TICK_MS).unref();
  }

  add(spans: readonly SpanRecord[]): void {
    const now = performance.now();
    for (const { traceId } of spans) {
      if (this.#lastSpan.size < MAX_PENDING || this.#lastSpan.has(traceId)) this.#lastSpan.set(traceId, now);
      else this.#omitted++;
    }
  }

  /** Prints the remaining traces. */
  close(): void {
    clearInterval(this.#timer);
    this.#print(Number.POSITIVE_INFINITY);
  }

  #print(quietSince: number): void {
    let lines = 0;
    for (const [traceId, last] of this.#lastSpan) {
      if (last > quietSince) continue;
      this.#lastSpan.delete(traceId);
      const summary = lines < LINES_PER_TICK ? this.#store.summary(traceId) : undefined;
      if (summary === undefined) this.#omitted++;
      else this.#write(`${traceLine(summary, this.#style)}\n`);
      lines++;
    }
    if (this.#omitted > 0) this.#write(`  ${this.#omitted} more not shown (clew list)\n`);
    this.#omitted = 0;
  }
}

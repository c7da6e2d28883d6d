import { CompletedTraces } from './completed-traces.ts';
import type { SpanRecord } from './span-record.ts';
import type { TraceStore } from './store.ts';
import { type TableStyle, traceLine } from './trace-table.ts';

const TICK_MS = 250;
const LINES_PER_TICK = 20;

/** Prints a line for each trace that is complete. Under load, a summary line replaces most of them. */
export class LiveTraces {
  readonly #completed: CompletedTraces;
  readonly #write: (text: string) => void;
  readonly #timer: NodeJS.Timeout;
  #lines = 0;
  #omitted = 0;

  constructor(store: TraceStore, style: TableStyle, write: (text: string) => void) {
    this.#write = write;
    this.#completed = new CompletedTraces((traceId) => {
      const summary = this.#lines++ < LINES_PER_TICK ? store.summary(traceId) : undefined;
      if (summary === undefined) this.#omitted++;
      else write(`${traceLine(summary, style)}\n`);
    });
    this.#timer = setInterval(() => this.#endTick(), TICK_MS).unref();
  }

  add(spans: readonly SpanRecord[]): void {
    this.#omitted += this.#completed.add(spans);
  }

  /** Prints the remaining traces. */
  close(): void {
    clearInterval(this.#timer);
    this.#completed.flush();
    this.#completed.close();
    this.#endTick();
  }

  #endTick(): void {
    if (this.#omitted > 0) this.#write(`  ${this.#omitted} more not shown (clew list)\n`);
    this.#omitted = 0;
    this.#lines = 0;
  }
}

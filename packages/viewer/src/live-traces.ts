import type { SpanRecord } from './span-record.ts';
import type { TraceStore } from './store.ts';
import { type TableStyle, traceLine } from './trace-table.ts';

const TICK_MS = 250;
const QUIET_MS = 1_000;
const LINES_A_TICK = 20;
const MAX_PENDING = 10_000;

/**
 * Prints a line a trace as traces arrive: once no span has come for a second, because the parts of a trace come from
 * several processes, each with a batch of its own. Under load some lines stand for many.
 */
export class LiveTraces {
  readonly #store: TraceStore;
  readonly #style: TableStyle;
  readonly #write: (text: string) => void;
  readonly #lastSpan = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #unseen = 0;

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
      else this.#unseen++;
    }
  }

  /** Prints what is left. */
  close(): void {
    clearInterval(this.#timer);
    this.#print(Number.POSITIVE_INFINITY);
  }

  #print(quietSince: number): void {
    let lines = 0;
    for (const [traceId, last] of this.#lastSpan) {
      if (last > quietSince) continue;
      this.#lastSpan.delete(traceId);
      const summary = lines < LINES_A_TICK ? this.#store.summary(traceId) : undefined;
      if (summary === undefined) this.#unseen++;
      else this.#write(`${traceLine(summary, this.#style)}\n`);
      lines++;
    }
    if (this.#unseen > 0) this.#write(`  and more: ${this.#unseen} not shown (clew list)\n`);
    this.#unseen = 0;
  }
}

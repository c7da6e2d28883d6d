import { types } from 'node:util';
import { type DetachedScope, originals } from '@clew/core/internal';
import type { ExportResult, ReadableSpan, SpanExporter, SpanProcessor } from './sdk-interfaces.ts';
import { type Counters, describe } from './stats.ts';

const MAX_SPANS = 2048;
const BATCH_SPANS = 512;
const DELAY_MS = 1000;
const EXPORT_TIMEOUT_MS = 30_000;

/**
 * Batches sampled spans for a user's `SpanExporter`: queues at most 2,048, exports 512 at a time, one export at
 * once.
 */
export class ExporterBatcher implements SpanProcessor {
  readonly #exporter: SpanExporter;
  readonly #counters: Counters;
  readonly #scope: DetachedScope;
  #waiting: ReadableSpan[] = [];
  #timer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  #closed = false;

  constructor(exporter: SpanExporter, counters: Counters, scope: DetachedScope) {
    this.#exporter = exporter;
    this.#counters = counters;
    this.#scope = scope;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & 1) === 0) return;
    if (this.#closed) {
      this.#counters.drop('shutdown', 1, 'a span ended after shutdown()');
      return;
    }
    if (this.#waiting.length >= MAX_SPANS) {
      this.#counters.drop('queueFull', 1, `${MAX_SPANS} spans are waiting for a span exporter`);
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length === BATCH_SPANS) this.#schedule(0);
    else if (this.#timer === undefined) this.#schedule(DELAY_MS);
  }

  async forceFlush(): Promise<void> {
    await this.#drain();
    await this.#exporter.forceFlush?.();
  }

  async shutdown(): Promise<void> {
    this.#closed = true;
    await this.#drain();
    await this.#exporter.shutdown();
  }

  #schedule(delayMs: number): void {
    originals.clearTimeout(this.#timer);
    this.#timer = this.#scope.later(delayMs, () => {
      this.#timer = undefined;
      void this.#drain();
    });
  }

  #drain(): Promise<void> {
    this.#draining ??= this.#scope
      .run(() => this.#exportAll())
      .finally(() => {
        this.#draining = undefined;
      });
    return this.#draining;
  }

  async #exportAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#exportBatch(this.#waiting.splice(0, BATCH_SPANS));
  }

  #exportBatch(spans: ReadableSpan[]): Promise<void> {
    return new Promise((resolve) => {
      let finished = false;
      const finish = (failure: string | undefined) => {
        if (finished) return;
        finished = true;
        originals.clearTimeout(timer);
        if (failure !== undefined)
          this.#counters.drop('failed', spans.length, `a span exporter failed: ${failure}`);
        resolve();
      };
      const timer = this.#scope.later(EXPORT_TIMEOUT_MS, () => finish('no result in 30 s'));
      try {
        const returned: unknown = this.#exporter.export(spans, (result?: ExportResult) =>
          finish(result?.code === 0 ? undefined : describe(result?.error ?? 'no reason given')),
        );
        // An async exporter: without a handler, its rejection would end the application.
        if (types.isPromise(returned)) returned.then(undefined, (error) => finish(describe(error)));
      } catch (error) {
        finish(describe(error));
      }
    });
  }
}

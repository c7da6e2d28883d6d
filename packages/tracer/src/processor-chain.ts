import type { Context } from '@opentelemetry/api';
import type { RecordingSpan } from './recording-span.ts';
import type { SpanProcessor } from './sdk-interfaces.ts';
import { type Counters, describe } from './stats.ts';

/**
 * Calls the user's processors in order. Errors are logged and stop neither other processors nor the application.
 */
export class ProcessorChain {
  readonly #processors: readonly SpanProcessor[];
  readonly #counters: Counters;

  constructor(processors: readonly SpanProcessor[], counters: Counters) {
    this.#processors = [...processors];
    this.#counters = counters;
  }

  onStart(span: RecordingSpan, parentContext: Context): void {
    for (const processor of this.#processors) {
      try {
        processor.onStart(span, parentContext);
      } catch (error) {
        this.#failed('onStart', error);
      }
    }
  }

  onEnding(span: RecordingSpan): void {
    for (const processor of this.#processors) {
      if (processor.onEnding === undefined) continue;
      try {
        processor.onEnding(span);
      } catch (error) {
        this.#failed('onEnding', error);
      }
    }
  }

  onEnd(span: RecordingSpan): void {
    for (const processor of this.#processors) {
      try {
        processor.onEnd(span);
      } catch (error) {
        this.#failed('onEnd', error);
      }
    }
  }

  async forceFlush(): Promise<void> {
    await this.#each('forceFlush');
  }

  async shutdown(): Promise<void> {
    await this.#each('shutdown');
  }

  async #each(method: 'forceFlush' | 'shutdown'): Promise<void> {
    const calls = this.#processors.map(async (processor) => {
      try {
        await processor[method]();
      } catch (error) {
        this.#failed(method, error);
      }
    });
    await Promise.all(calls);
  }

  #failed(method: string, error: unknown): void {
    this.#counters.warn(
      `processor:${method}`,
      () => `a span processor failed in ${method}: ${describe(error)}`,
    );
  }
}

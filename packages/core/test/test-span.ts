import { randomBytes } from 'node:crypto';
import type { SpanContext } from '@opentelemetry/api';

/** A span like those of SDKs: `end` is a method of the class, and the state is in private fields. */
export class TestSpan {
  readonly name: string;
  readonly #context: SpanContext;
  ends: unknown[] = [];

  constructor(name: string, traceId = randomBytes(16).toString('hex')) {
    this.name = name;
    this.#context = { traceId, spanId: randomBytes(8).toString('hex'), traceFlags: 1 };
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  isRecording(): boolean {
    return this.ends.length === 0;
  }

  end(time?: number): void {
    this.ends.push([this.#context.traceId, time]);
  }
}

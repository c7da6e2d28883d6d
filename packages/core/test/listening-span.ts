import type { Attributes, SpanStatus } from '@opentelemetry/api';

/** A span that records its calls in one list. */
export class ListeningSpan {
  readonly told: unknown[] = [];
  recording = true;

  spanContext() {
    return { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
  }

  isRecording(): boolean {
    return this.recording;
  }

  setAttribute(key: string, value: unknown): this {
    this.told.push([key, value]);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    this.told.push(attributes);
    return this;
  }

  setStatus(status: SpanStatus): this {
    this.told.push(status);
    return this;
  }

  recordException(exception: { name?: string; message?: string }): void {
    this.told.push(`${exception.name}: ${exception.message}`);
  }

  end(): void {
    this.told.push('end');
  }
}

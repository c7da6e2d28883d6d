import type { Attributes, SpanStatus } from '@opentelemetry/api';

/** A span that records its calls in one list. */
export class ListeningSpan {
  readonly calls: unknown[] = [];
  recording = true;

  spanContext() {
    return { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
  }

  isRecording(): boolean {
    return this.recording;
  }

  setAttribute(key: string, value: unknown): this {
    this.calls.push([key, value]);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    this.calls.push(attributes);
    return this;
  }

  setStatus(status: SpanStatus): this {
    this.calls.push(status);
    return this;
  }

  recordException(exception: { name?: string; message?: string }): void {
    this.calls.push(`${exception.name}: ${exception.message}`);
  }

  end(): void {
    this.calls.push('end');
  }
}

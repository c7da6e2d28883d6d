import type { Attributes, Context, Histogram, Span } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';
import { monotonicNow } from '../kit/originals.ts';
import { Operation } from '../operation.ts';
import { errorType } from '../record-error.ts';
import { ATTR } from '../semconv.ts';

/** The measurement of one operation: its duration in seconds, since the measurement was created. */
export class Measurement {
  readonly #duration: Histogram;
  readonly #startMs = monotonicNow();
  #attributes: Attributes;

  constructor(duration: Histogram, attributes: Attributes) {
    this.#duration = duration;
    this.#attributes = attributes;
  }

  /** Adds attributes, which override those of the same names. */
  add(attributes: Attributes): void {
    this.#attributes = { ...this.#attributes, ...attributes };
  }

  /** Records the duration. */
  end(current: Context): void {
    guard('recording a metric', () =>
      this.#duration.record((monotonicNow() - this.#startMs) / 1000, this.#attributes, current),
    );
  }
}

/** An operation that is measured, whether its span is recorded or not. */
export class MeasuredOperation extends Operation {
  readonly measurement: Measurement;

  constructor(span: Span, current: Context, caller: Context | undefined, measurement: Measurement) {
    super(span, current, caller);
    this.measurement = measurement;
  }

  override fail(error: unknown): void {
    if (!this.ended) this.measurement.add({ [ATTR.errorType]: errorType(error) });
    super.fail(error);
  }

  override end(...given: Parameters<Operation['end']>): void {
    if (!this.ended) this.measurement.end(this.context);
    super.end(...given);
  }
}

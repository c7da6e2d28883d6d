import { type Context, isSpanContextValid, type Span, trace } from '@opentelemetry/api';
import { dress } from '../kit/wrap.ts';
import { type Place, placeOf, type StrictReport } from './strict-report.ts';

type End = (this: Span, ...args: unknown[]) => void;

/** What is known of a span; holds neither the span nor a context, so that both can go. */
interface Life {
  readonly name: string;
  readonly traceId: string;
  readonly madeCurrent: Place;
  ended: Place | undefined;
}

/** Watches how the spans that are made current end. */
export class SpanWatch {
  readonly #report: StrictReport;
  readonly #current: () => Context;
  readonly #lives = new WeakMap<Span, Life>();
  readonly #open = new Set<Life>();
  readonly #collected = new FinalizationRegistry<Life>((life) => this.#neverEnded(life));

  constructor(report: StrictReport, current: () => Context) {
    this.#report = report;
    this.#current = current;
  }

  /** Takes notice of the span of a context that becomes current through `below`. */
  see(context: Context, below: (...args: never[]) => unknown): void {
    const span = trace.getSpan(context);
    if (span === undefined || this.#lives.has(span) || !span.isRecording()) return;
    const { traceId, spanId } = span.spanContext();
    const { name } = span as Span & { readonly name?: unknown };
    const life: Life = {
      name: typeof name === 'string' ? `"${name}"` : spanId,
      traceId,
      madeCurrent: placeOf(below),
      ended: undefined,
    };
    this.#lives.set(span, life);
    if (!this.#hearEndOf(span, life)) return;
    this.#open.add(life);
    this.#collected.register(span, life);
  }

  /** Reports the spans that are open now, once. */
  reportOpen(): void {
    for (const life of this.#open) this.#neverEnded(life);
  }

  /** `end` becomes a property of this one span; a frozen span is left alone. */
  #hearEndOf(span: Span, life: Life): boolean {
    const original = span.end as End;
    const watch = this;
    const end: End = function (...args) {
      watch.#ends(life, end);
      return Reflect.apply(original, this, args);
    };
    return Reflect.defineProperty(span, 'end', {
      value: dress(end, original),
      configurable: true,
      writable: true,
      enumerable: false,
    });
  }

  #ends(life: Life, end: End): void {
    const place = placeOf(end);
    if (life.ended !== undefined) {
      this.#report.add('ended-twice', `the span ${life.name} was ended a second time`, place, life.ended);
      return;
    }
    life.ended = place;
    this.#open.delete(life);
    const other = trace.getSpanContext(this.#current());
    if (other === undefined || !isSpanContextValid(other) || other.traceId === life.traceId) return;
    const what = `the span ${life.name} was ended while a span of another trace was current`;
    this.#report.add('ended-elsewhere', what, place, life.madeCurrent);
  }

  #neverEnded(life: Life): void {
    if (!this.#open.delete(life)) return;
    this.#report.add('never-ended', `the span ${life.name} was never ended`, life.madeCurrent);
  }
}

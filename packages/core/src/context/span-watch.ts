import { type Context, isSpanContextValid, type Span, trace } from '@opentelemetry/api';
import { dress } from '../kit/wrap.ts';
import { type CallSite, callSiteOf, type StrictReport } from './strict-report.ts';

type End = (this: Span, ...args: unknown[]) => void;

/** The state of a watched span. Holds neither the span nor a context, so that both can be collected. */
interface WatchedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly madeCurrent: CallSite;
  ended: CallSite | undefined;
}

/** Watches how the spans that are made current end. */
export class SpanWatch {
  readonly #report: StrictReport;
  readonly #current: () => Context;
  readonly #watched = new WeakMap<Span, WatchedSpan>();
  readonly #open = new Set<WatchedSpan>();
  readonly #collected = new FinalizationRegistry<WatchedSpan>((watched) => this.#neverEnded(watched));

  constructor(report: StrictReport, current: () => Context) {
    this.#report = report;
    this.#current = current;
  }

  /** Watches the span of a context that the caller of the function `below` makes current. */
  watch(context: Context, below: (...args: never[]) => unknown): void {
    const span = trace.getSpan(context);
    if (span === undefined || this.#watched.has(span) || !span.isRecording()) return;
    const { traceId, spanId } = span.spanContext();
    const { name } = span as Span & { readonly name?: unknown };
    const watched: WatchedSpan = {
      name: typeof name === 'string' ? `"${name}"` : spanId,
      traceId,
      madeCurrent: callSiteOf(below),
      ended: undefined,
    };
    this.#watched.set(span, watched);
    if (!this.#wrapEnd(span, watched)) return;
    this.#open.add(watched);
    this.#collected.register(span, watched);
  }

  /** Reports each span that is still open, once. */
  reportOpen(): void {
    for (const watched of this.#open) this.#neverEnded(watched);
  }

  /** Adds an own property `end` to the span; a frozen span stays unwatched. */
  #wrapEnd(span: Span, watched: WatchedSpan): boolean {
    const original = span.end as End;
    const watch = this;
    const end: End = function (...args) {
      watch.#onEnd(watched, end);
      return Reflect.apply(original, this, args);
    };
    return Reflect.defineProperty(span, 'end', {
      value: dress(end, original),
      configurable: true,
      writable: true,
      enumerable: false,
    });
  }

  #onEnd(watched: WatchedSpan, end: End): void {
    const site = callSiteOf(end);
    if (watched.ended !== undefined) {
      this.#report.add(
        'ended-twice',
        `the span ${watched.name} was ended a second time`,
        site,
        watched.ended,
      );
      return;
    }
    watched.ended = site;
    this.#open.delete(watched);
    const other = trace.getSpanContext(this.#current());
    if (other === undefined || !isSpanContextValid(other) || other.traceId === watched.traceId) return;
    const what = `the span ${watched.name} was ended while a span of another trace was current`;
    this.#report.add('ended-elsewhere', what, site, watched.madeCurrent);
  }

  #neverEnded(watched: WatchedSpan): void {
    if (!this.#open.delete(watched)) return;
    this.#report.add('never-ended', `the span ${watched.name} was never ended`, watched.madeCurrent);
  }
}

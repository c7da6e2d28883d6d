import type { Context, ContextManager } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';
import { bindWith } from './bind.ts';
import { SpanWatch } from './span-watch.ts';
import { type ContextProblem, type Place, placeOf, StrictReport } from './strict-report.ts';

/** Options of `StrictContextManager`. */
export interface StrictOptions {
  /** Hears every finding; `diag` hears each place in the program once. */
  readonly onProblem?: (problem: ContextProblem) => void;
}

/** A context manager that can also make a context current until further notice, as ours can. */
type Attaching = ContextManager & { attach?(context: Context): { dispose(): void } };

interface Attachment {
  readonly place: Place;
  disposed: boolean;
}

/**
 * Watches another context manager while a program is developed, and reports contexts that are left current and
 * spans that end twice, in another request, or never, with the stack of who did it. It changes nothing of what
 * the program does. Costs a stack trace a span: for development and tests, not for production.
 *
 * @example
 * const strict = new StrictContextManager(new AsyncContextManager(), { onProblem: (it) => problems.push(it) });
 * context.setGlobalContextManager(strict.enable());
 * strict.check();                                            // at the end of a test
 */
export class StrictContextManager implements ContextManager {
  readonly #inner: Attaching;
  readonly #report: StrictReport;
  readonly #spans: SpanWatch;
  readonly #attachments = new Set<Attachment>();
  readonly #collected = new FinalizationRegistry<Attachment>((it) => this.#leftCurrent(it));
  /** What was attached since the innermost `with` began; `undefined` outside of any. */
  #frame: Attachment[] | undefined;

  constructor(inner: Attaching, options: StrictOptions = {}) {
    this.#inner = inner;
    this.#report = new StrictReport(options.onProblem);
    this.#spans = new SpanWatch(this.#report, () => inner.active());
  }

  active(): Context {
    return this.#inner.active();
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    guard('watching a span', () => this.#spans.see(context, this.with));
    const outer = this.#frame;
    const attached: Attachment[] = [];
    this.#frame = attached;
    let result: ReturnType<F> | undefined;
    try {
      result = this.#inner.with(context, fn, thisArg, ...args);
      return result;
    } finally {
      this.#frame = outer;
      if (attached.length > 0) this.#expectDisposed(attached, result);
    }
  }

  bind<T>(context: Context, target: T): T {
    return bindWith(
      (bound, fn, thisArg, ...args) => this.with(bound, () => Reflect.apply(fn, thisArg, args)),
      context,
      target,
    );
  }

  /** As the inner manager's; one without `attach` leaves everything as it is. */
  attach(context: Context): { dispose(): void } {
    guard('watching a span', () => this.#spans.see(context, this.attach));
    const token = this.#inner.attach?.(context);
    const attachment: Attachment = { place: placeOf(this.attach), disposed: false };
    this.#attachments.add(attachment);
    this.#frame?.push(attachment);
    const dispose = () => {
      this.#disposes(attachment, context, dispose);
      token?.dispose();
    };
    const watched = { dispose };
    this.#collected.register(watched, attachment);
    return watched;
  }

  /** Reports what is attached and which spans are open now: for the end of a test or of a program. */
  check(): void {
    for (const attachment of this.#attachments) this.#leftCurrent(attachment);
    this.#spans.reportOpen();
  }

  enable(): this {
    this.#inner.enable();
    return this;
  }

  disable(): this {
    this.#inner.disable();
    return this;
  }

  /** What a promise still has to take back is found when its token is collected, or by `check`. */
  #expectDisposed(attached: readonly Attachment[], result: unknown): void {
    if (result instanceof Promise) return;
    for (const attachment of attached) this.#leftCurrent(attachment);
  }

  #leftCurrent(attachment: Attachment): void {
    if (!this.#attachments.delete(attachment)) return;
    this.#report.add('left-current', 'a context was made current and never taken back', attachment.place);
  }

  #disposes(attachment: Attachment, context: Context, dispose: () => void): void {
    const twice = attachment.disposed;
    attachment.disposed = true;
    this.#attachments.delete(attachment);
    if (!twice && this.#inner.active() === context) return;
    const what = twice
      ? 'a context was taken back a second time'
      : 'a context was taken back while another was current';
    this.#report.add('disposed-elsewhere', what, placeOf(dispose), attachment.place);
  }
}

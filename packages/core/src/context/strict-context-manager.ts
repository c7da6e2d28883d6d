import type { Context, ContextManager } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';
import { bindWith } from './bind.ts';
import { SpanWatch } from './span-watch.ts';
import { type CallSite, type ContextProblem, callSiteOf, StrictReport } from './strict-report.ts';

/** Options of `StrictContextManager`. */
export interface StrictOptions {
  /** Called for every problem; `diag` logs each call site once. */
  readonly onProblem?: (problem: ContextProblem) => void;
}

/** A context manager that can also attach a context until it is disposed of, like those of this package. */
type Attaching = ContextManager & { attach?(context: Context): { dispose(): void } };

interface Attachment {
  readonly site: CallSite;
  disposed: boolean;
}

/**
 * Watches another context manager, and reports contexts that stay attached and spans that end twice, in another
 * request, or never, each with the stack of the call. The application behaves as without it. Costs one stack trace
 * for each span: for development and tests, not for production.
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
  /** The contexts attached since the start of the innermost `with`; `undefined` outside of any. */
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
    guard('watching a span', () => this.#spans.watch(context, this.with));
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
    return bindWith(this, context, target);
  }

  /** Calls the inner manager's `attach`; does nothing if it has none. */
  attach(context: Context): { dispose(): void } {
    guard('watching a span', () => this.#spans.watch(context, this.attach));
    const token = this.#inner.attach?.(context);
    const attachment: Attachment = { site: callSiteOf(this.attach), disposed: false };
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

  /** Reports the contexts that are still attached and the spans that are still open: for the end of a test or process. */
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

  /** If the result is a promise, its code may still dispose: such a context is found when its token is collected, or by `check`. */
  #expectDisposed(attached: readonly Attachment[], result: unknown): void {
    if (result instanceof Promise) return;
    for (const attachment of attached) this.#leftCurrent(attachment);
  }

  #leftCurrent(attachment: Attachment): void {
    if (!this.#attachments.delete(attachment)) return;
    this.#report.add('left-current', 'a context was attached and never disposed of', attachment.site);
  }

  #disposes(attachment: Attachment, context: Context, dispose: () => void): void {
    const twice = attachment.disposed;
    attachment.disposed = true;
    this.#attachments.delete(attachment);
    if (!twice && this.#inner.active() === context) return;
    const what = twice
      ? 'a context was disposed of a second time'
      : 'a context was disposed of while another was current';
    this.#report.add('disposed-elsewhere', what, callSiteOf(dispose), attachment.site);
  }
}

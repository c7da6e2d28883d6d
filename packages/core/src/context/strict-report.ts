import { diag } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';

/** The kind of misuse of a context or a span. */
export type ContextProblemKind =
  /** `attach` without `dispose`: the context stays current for unrelated code. */
  | 'left-current'
  /** `dispose` a second time, or while another context was current. */
  | 'disposed-elsewhere'
  /** `span.end()` a second time. */
  | 'ended-twice'
  /** `span.end()` while a span of another trace was current: one request ends the span of another. */
  | 'ended-elsewhere'
  /** The span was collected, or was open at `check()`, without a call of `end()`. */
  | 'never-ended';

/** One problem found by `StrictContextManager`. */
export interface ContextProblem {
  readonly kind: ContextProblemKind;
  /** One sentence with the name of the span. */
  readonly message: string;
  /** The stack of the faulty call. */
  readonly stack: string;
  /** The stack of the earlier, correct call: where the span was made current or first ended. */
  readonly before?: string;
}

/** A call site in the application; V8 formats the stack lazily. */
export interface CallSite {
  readonly stack: string;
}

/** The call site of the function `below`. */
export function callSiteOf(below: (...args: never[]) => unknown): CallSite {
  const site = { stack: '' };
  Error.captureStackTrace(site, below);
  return site;
}

const MAX_SITES = 256;

/** Logs each call site once through `diag`, and passes each problem to `onProblem`. */
export class StrictReport {
  readonly #onProblem: ((problem: ContextProblem) => void) | undefined;
  readonly #sites = new Set<string>();

  constructor(onProblem: ((problem: ContextProblem) => void) | undefined) {
    this.#onProblem = onProblem;
  }

  add(kind: ContextProblemKind, what: string, site: CallSite, before?: CallSite): void {
    guard('reporting a context problem', () => {
      const message = `strict context: ${what}`;
      const stack = framesOf(site);
      this.#logOnce(
        `${kind}\n${stack}`,
        `clew: ${message}\n${stack}${before ? `\nbefore:\n${framesOf(before)}` : ''}`,
      );
      this.#onProblem?.({ kind, message, stack, ...(before && { before: framesOf(before) }) });
    });
  }

  #logOnce(key: string, text: string): void {
    if (this.#sites.has(key) || this.#sites.size >= MAX_SITES) return;
    this.#sites.add(key);
    diag.warn(text);
  }
}

/** The frames without the first line, which is `Error`. */
function framesOf(site: CallSite): string {
  return site.stack.slice(site.stack.indexOf('\n') + 1);
}

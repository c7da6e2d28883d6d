import { diag } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';

/** What was done wrong with a context or a span. */
export type ContextProblemKind =
  /** `attach` without `dispose`: the context stays current for what has nothing to do with it. */
  | 'left-current'
  /** `dispose` a second time, or while another context was current. */
  | 'disposed-elsewhere'
  /** `span.end()` a second time. */
  | 'ended-twice'
  /** `span.end()` while a span of another trace was current: one request ends what belongs to another. */
  | 'ended-elsewhere'
  /** A span that nobody can end any more. */
  | 'never-ended';

/** One finding of the strict mode. */
export interface ContextProblem {
  readonly kind: ContextProblemKind;
  /** One sentence with the name of the span. */
  readonly message: string;
  /** The stack of who did it. */
  readonly stack: string;
  /** The stack of where it began or was done rightly: the span made current, or ended for the first time. */
  readonly before?: string;
}

/** A place in the program; its text is made only if somebody asks. */
export interface Place {
  readonly stack: string;
}

/** Where the caller of `below` stands. */
export function placeOf(below: (...args: never[]) => unknown): Place {
  const place = { stack: '' };
  Error.captureStackTrace(place, below);
  return place;
}

const MAX_PLACES = 256;

/** Says each place once through `diag`, and each finding to `onProblem`. */
export class StrictReport {
  readonly #onProblem: ((problem: ContextProblem) => void) | undefined;
  readonly #places = new Set<string>();

  constructor(onProblem: ((problem: ContextProblem) => void) | undefined) {
    this.#onProblem = onProblem;
  }

  add(kind: ContextProblemKind, what: string, place: Place, before?: Place): void {
    guard('reporting a context problem', () => {
      const message = `strict context: ${what}`;
      const stack = framesOf(place);
      this.#say(
        `${kind}\n${stack}`,
        `clew: ${message}\n${stack}${before ? `\nbefore:\n${framesOf(before)}` : ''}`,
      );
      this.#onProblem?.({ kind, message, stack, ...(before && { before: framesOf(before) }) });
    });
  }

  #say(key: string, text: string): void {
    if (this.#places.has(key) || this.#places.size >= MAX_PLACES) return;
    this.#places.add(key);
    diag.warn(text);
  }
}

/** The frames without the first line, which would say `Error`. */
function framesOf(place: Place): string {
  return place.stack.slice(place.stack.indexOf('\n') + 1);
}

import { show } from '@clew/core/internal';
import { LIMITS } from './limits.ts';

/** One problem at one place of a policy document. */
export interface PolicyProblem {
  /** Such as `policies[2].keep.ratio`; `the document` for the whole. */
  readonly place: string;
  /** Such as `in [0, 1]`. */
  readonly expected: string;
  /** The value, at most 80 characters of it. */
  readonly got: string;
}

/**
 * A policy document is invalid: `@clew/sampling: expected policies[2].keep.ratio in [0, 1], got "2"`. It has all problems
 * of the document, at most 20 of them.
 */
export class PolicyError extends TypeError {
  override readonly name = 'PolicyError';
  readonly problems: readonly PolicyProblem[];

  /** `more`: the number of problems that are not listed. */
  constructor(problems: readonly PolicyProblem[], more = 0) {
    const texts = problems.map(({ place, expected, got }) => `expected ${place} ${expected}, got ${got}`);
    super(`@clew/sampling: ${texts.join('; ')}${more > 0 ? `; and ${more} more` : ''}`);
    this.problems = problems;
  }
}

/** Collects the problems of a document. */
export class Problems {
  readonly #listed: PolicyProblem[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Adds a problem unless `fits`, and returns `fits`. */
  expect(fits: boolean, place: string, expected: string, got: unknown): boolean {
    if (fits) return true;
    this.#count++;
    if (this.#listed.length < LIMITS.problems) this.#listed.push({ place, expected, got: show(got) });
    return false;
  }

  throwIfAny(): void {
    if (this.#count > 0) throw new PolicyError(this.#listed, this.#count - this.#listed.length);
  }
}

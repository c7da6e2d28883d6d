import type { LocalRootDecision, LocalRootEnd, PendingDecision } from '@clew/core/internal';
import type { TraceState } from '@opentelemetry/api';
import type { LocalRootFacts } from './local-root-facts.ts';

/** Decides again what depends on the route. */
interface Redecide {
  decide(facts: LocalRootFacts, traceState: TraceState | undefined, canWait: boolean): LocalRootDecision;
}

/** Waits for the route: policies that name it cannot be evaluated before. The policies then in force decide. */
export class RouteDecision implements PendingDecision {
  readonly needsRoute = true;
  readonly #steps: Redecide;
  readonly #facts: LocalRootFacts;
  readonly #traceState: TraceState | undefined;

  constructor(steps: Redecide, facts: LocalRootFacts, traceState: TraceState | undefined) {
    this.#steps = steps;
    this.#facts = facts;
    this.#traceState = traceState;
  }

  atRoute(route: string): LocalRootDecision {
    return this.#decide(route);
  }

  /** No router matched. */
  atEnd(end: LocalRootEnd): LocalRootDecision {
    const decision = this.#decide(undefined);
    return decision.pending?.atEnd(end) ?? decision;
  }

  #decide(route: string | undefined): LocalRootDecision {
    this.#facts.route = route;
    this.#facts.routeIsFinal = true;
    return this.#steps.decide(this.#facts, this.#traceState, true);
  }
}

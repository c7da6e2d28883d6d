import type { SpanRecord } from '@clew/viewer';

/** The spans that a collector has received, by trace. */
export class ReceivedTraces {
  readonly #byId = new Map<string, SpanRecord[]>();

  /** For `startCollector({ onSpans })`. */
  readonly add = (spans: readonly SpanRecord[]): void => {
    for (const span of spans) {
      const same = this.#byId.get(span.traceId);
      if (same === undefined) this.#byId.set(span.traceId, [span]);
      else same.push(span);
    }
  };

  get ids(): string[] {
    return [...this.#byId.keys()];
  }

  has(traceId: string): boolean {
    return this.#byId.has(traceId);
  }

  /** The names of a trace's spans, sorted; empty for a trace that was not received. */
  namesOf(traceId: string): string[] {
    return (this.#byId.get(traceId) ?? []).map(({ name }) => name).sort();
  }

  /** The SERVER span of a trace with one service. */
  rootOf(traceId: string): SpanRecord | undefined {
    return this.#byId.get(traceId)?.find(({ kind }) => kind === 'SERVER');
  }

  /** An attribute of the SERVER span. */
  attribute(traceId: string, key: string): unknown {
    return this.rootOf(traceId)?.attributes[key];
  }
}

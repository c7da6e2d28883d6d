/** Numbers of calls and their durations. */
export interface LatencySummary {
  readonly calls: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Collects calls, and summarises them. */
export class Latencies {
  #errors = 0;
  readonly #durationsNs: number[] = [];

  get calls(): number {
    return this.#durationsNs.length;
  }

  add(durationNs: number, isError: boolean): void {
    this.#durationsNs.push(durationNs);
    if (isError) this.#errors++;
  }

  summary(): LatencySummary {
    const sorted = Float64Array.from(this.#durationsNs).sort();
    const at = (share: number) => (sorted[Math.ceil(share * sorted.length) - 1] ?? 0) / 1e6;
    return { calls: sorted.length, errors: this.#errors, p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}

/** While calls are collected, so many times more keys than in the result. */
const SPARE = 10;

/** The latencies of many keys, each with a label. Only the keys with the most calls are kept. */
export class LatencyTable<Label extends object> {
  /** The number of keys that were left out. */
  omitted = 0;
  #entries = new Map<string, { readonly label: Label; readonly latencies: Latencies }>();
  readonly #maxKeys: number;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  /** The latencies of a key; the label is that of its first call. */
  of(key: string, label: Label): Latencies {
    const known = this.#entries.get(key);
    if (known !== undefined) return known.latencies;
    if (this.#entries.size === SPARE * this.#maxKeys) this.#keepMostCalled();
    const latencies = new Latencies();
    this.#entries.set(key, { label, latencies });
    return latencies;
  }

  /** The kept keys: in the order of their first calls, or those with the most calls first if some were left out. */
  summaries(): (Label & LatencySummary)[] {
    if (this.#entries.size > this.#maxKeys) this.#keepMostCalled();
    return Array.from(this.#entries.values(), ({ label, latencies }) => ({
      ...label,
      ...latencies.summary(),
    }));
  }

  #keepMostCalled(): void {
    const mostCalled = [...this.#entries].sort(([, a], [, b]) => b.latencies.calls - a.latencies.calls);
    this.omitted += mostCalled.length - this.#maxKeys;
    this.#entries = new Map(mostCalled.slice(0, this.#maxKeys));
  }
}

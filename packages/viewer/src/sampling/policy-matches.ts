import type { SpanRecord } from '../span-record.ts';

const MAX_POLICIES = 1_000;
const MAX_ID_CHARS = 128;
const REASONS: ReadonlySet<string> = new Set(['always', 'ratio', 'rate', 'floor', 'error', 'slow']);

/** How many received local roots a policy has kept. */
export interface PolicyMatches {
  readonly kept: number;
  /** By `clew.sampling.kept`: `ratio`, `error` … */
  readonly reasons: Readonly<Record<string, number>>;
}

/** Counts the policies that received spans name. Keeps at most 1,000 policies. */
export class PolicyCounts {
  readonly #byId = new Map<string, { kept: number; reasons: Record<string, number> }>();
  #requested = 0;
  #ignored = 0;

  add(spans: readonly SpanRecord[]): void {
    for (const { attributes } of spans) {
      const id = attributes['clew.sampling.policy'];
      const reason = attributes['clew.sampling.kept'];
      if (id === undefined) {
        if (reason === 'requested') this.#requested++;
        continue;
      }
      const counts = typeof id === 'string' ? this.#countsOf(id) : undefined;
      if (counts === undefined) {
        this.#ignored++;
        continue;
      }
      counts.kept++;
      const known = typeof reason === 'string' && REASONS.has(reason) ? reason : 'other';
      counts.reasons[known] = (counts.reasons[known] ?? 0) + 1;
    }
  }

  /** As in the response of `GET /v1/sampling/matches`. */
  toJSON(): { policies: Record<string, PolicyMatches>; requested: number; ignored: number } {
    return {
      policies: Object.fromEntries(this.#byId),
      requested: this.#requested,
      ignored: this.#ignored,
    };
  }

  #countsOf(id: string): { kept: number; reasons: Record<string, number> } | undefined {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    if (id.length > MAX_ID_CHARS || this.#byId.size >= MAX_POLICIES) return undefined;
    const counts = { kept: 0, reasons: {} };
    this.#byId.set(id, counts);
    return counts;
  }
}

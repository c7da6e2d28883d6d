// Records what a provider puts in force, and what it logs.
import { diag } from '@opentelemetry/api';
import type { Decider, Provider } from '../src/decider.ts';
import type { PolicySet } from '../src/policy.ts';

/** A set that a provider has put in force. */
export interface SetInForce {
  readonly rules: PolicySet | Decider;
  readonly version: string;
}

/** The sets of a provider, in their order. */
export class SetsInForce {
  readonly all: SetInForce[] = [];
  #waiting: (() => void)[] = [];

  /** Starts the provider. */
  static of(provider: Provider): SetsInForce {
    const sets = new SetsInForce();
    provider.start((rules, version) => {
      sets.all.push({ rules, version });
      for (const check of sets.#waiting) check();
    });
    return sets;
  }

  get policies(): PolicySet | undefined {
    return this.all.at(-1)?.rules as PolicySet | undefined;
  }

  get decider(): Decider {
    return this.all.at(-1)?.rules as Decider;
  }

  /** Resolves when the set in force fits. */
  when(fits: (last: SetInForce, count: number) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        const last = this.all.at(-1);
        if (last !== undefined && fits(last, this.all.length)) resolve();
      };
      this.#waiting.push(check);
      check();
    });
  }

  /** Resolves when this many sets have been put in force since the start. */
  count(count: number): Promise<void> {
    return this.when((_last, all) => all >= count);
  }
}

/** Collects the warnings and errors logged through `diag` until `diag.disable()`. */
export function collectLogs(): string[] {
  const lines: string[] = [];
  const log = (...parts: unknown[]) => void lines.push(parts.join(' '));
  const ignore = () => {};
  diag.setLogger({ error: log, warn: log, info: ignore, debug: ignore, verbose: ignore });
  lines.length = 0;
  return lines;
}

/** A set with one policy, as JSON. */
export function setOf(id: string): string {
  return JSON.stringify({ policies: [{ id, keep: { always: true } }] });
}

/** A set with one policy, as YAML. */
export function yamlOf(id: string): string {
  return `policies:\n  - id: ${id}\n    keep: { always: true }\n`;
}

/** The id of the first policy. */
export function idOf(set: PolicySet | undefined): string | undefined {
  return set?.policies[0]?.id;
}

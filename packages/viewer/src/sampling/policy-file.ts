import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  type CheckedPolicies,
  FileProvider,
  type Policy,
  PolicyDecider,
  readPolicies,
  type TextMatch,
} from '@clew/sampling';
import { diag } from '@opentelemetry/api';
import { JaegerStrategies } from './jaeger-strategy.ts';

/** The policies of a file that are in force. */
export interface PoliciesInForce {
  readonly policies: readonly Policy[];
  /** Valid telemetry policies that a sampler cannot apply, and why: `debug-logs: …`. */
  readonly skipped: readonly string[];
  /** What Jaeger's samplers do not get, because their protocol cannot express it: `errors (keep.onError)`. */
  readonly notForJaeger: readonly string[];
}

/** What is served of them. */
export interface ServedPolicies extends PoliciesInForce {
  /** The set as JSON. */
  readonly json: string;
  readonly etag: string;
  readonly strategies: JaegerStrategies;
}

/** The most that applications accept. */
const MAX_JSON_BYTES = 1_048_576;

/** The policies of a file, replaced when it changes. */
export class PolicyFile {
  readonly file: string;
  readonly #onPolicies: (inForce: PoliciesInForce) => void;
  readonly #provider: FileProvider;
  #served: ServedPolicies;

  /**
   * Reads the file. Throws if it cannot be read or is invalid.
   *
   * @param onPolicies called with each later set
   */
  constructor(file: string, onPolicies: (inForce: PoliciesInForce) => void) {
    this.file = file;
    this.#onPolicies = onPolicies;
    this.#served = toServed(readPolicyFile(file));
    this.#provider = new FileProvider({ path: file });
  }

  get served(): ServedPolicies {
    return this.#served;
  }

  /** Watches the file. What is wrong with a later set is logged through `diag`, and the last good one stays. */
  watch(): void {
    this.#provider.start((rules) => {
      if (!('policies' in rules)) return;
      try {
        const served = toServed(readPolicies(rules));
        if (served.etag === this.#served.etag) return;
        this.#served = served;
        this.#onPolicies(served);
      } catch (error) {
        diag.warn(
          `@clew/viewer: ${this.file}: ${(error as Error).message}; the last good set stays in force`,
        );
      }
    });
  }

  close(): void {
    this.#provider.stop();
  }
}

/** Reads and validates a file. Throws PolicyError for an invalid set, and an error with one line if it is unreadable. */
export function readPolicyFile(file: string): CheckedPolicies {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`can't read ${file}: ${code === 'ENOENT' ? 'no such file' : message}`);
  }
  return readPolicies(text, file.toLowerCase().endsWith('.json') ? 'json' : undefined);
}

function toServed({ policies, skipped }: CheckedPolicies): ServedPolicies {
  const json = JSON.stringify({ policies });
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_JSON_BYTES)
    throw new Error(`expected policies of at most ${MAX_JSON_BYTES} bytes as JSON, got ${bytes}`);
  const strategies = new JaegerStrategies(policies, matchesService);
  return {
    policies,
    json,
    etag: `"${createHash('sha256').update(json).digest('hex').slice(0, 32)}"`,
    strategies,
    skipped: skipped.map(({ id, reason }) => `${id}: ${reason}`),
    notForJaeger: strategies.leftOut,
  };
}

/** Matches a service as the applications do. */
function matchesService(condition: TextMatch, service: string): boolean {
  const policy: Policy = { id: 'service', match: { service: condition }, keep: { always: true } };
  return new PolicyDecider([policy], { resource: { 'service.name': service } }).active.size > 0;
}

import { ThrottledWarnings } from '@clew/core/internal';
import type { ProviderStats } from '../decider.ts';

/**
 * Why a load failed. `timeout`: no complete response in time; `status`: not a success status; `tooLarge`: more than the
 * bound; `invalid`: not a valid set of rules; `network`: no connection, or it broke; `redirect`: a redirect, which is
 * never followed; `missing`: no such file; `unreadable`: not a file, or it cannot be read; `unprocessed`: statistics that
 * X-Ray refused.
 */
export type FailureCause =
  | 'timeout'
  | 'status'
  | 'tooLarge'
  | 'invalid'
  | 'network'
  | 'redirect'
  | 'missing'
  | 'unreadable'
  | 'unprocessed';

const MAX_CHARS = 200;

/** Counts what happens to a provider, and logs failures at most once a minute. */
export class ProviderCounters {
  readonly #name: string;
  readonly #warnings = new ThrottledWarnings();
  readonly #failures: Partial<Record<FailureCause, number>> = {};
  #loads = 0;
  #unchanged = 0;
  #version: string | undefined;

  /** @param name of the provider, as in its logs */
  constructor(name: string) {
    this.#name = name;
  }

  loaded(version: string | undefined): void {
    this.#loads++;
    this.#version = version;
  }

  unchanged(): void {
    this.#unchanged++;
  }

  failed(cause: FailureCause, detail: string, count = 1): void {
    this.#failures[cause] = (this.#failures[cause] ?? 0) + count;
    this.#warnings.warn(
      'failed',
      () =>
        `@clew/sampling: ${this.#name}: ${oneLine(detail)} (${cause}); ${this.#loads > 0 ? 'the last good set stays in force' : 'no set is in force'}`,
    );
  }

  get stats(): ProviderStats {
    return {
      loads: this.#loads,
      unchanged: this.#unchanged,
      failures: { ...(this.#failures as Record<string, number>) },
      version: this.#version,
    };
  }
}

/** The message of anything thrown, one line of at most 200 characters. Never throws. */
export function messageOf(error: unknown): string {
  try {
    const { code, message } = Object(error) as Partial<NodeJS.ErrnoException>;
    return oneLine(String(message ?? code ?? error).replace(/^@clew\/sampling: /, ''));
  } catch {
    return 'an error that cannot be described';
  }
}

/** Servers send messages of any length. */
function oneLine(text: string): string {
  const line = text.slice(0, MAX_CHARS + 1).replaceAll(/\s+/g, ' ');
  return line.length > MAX_CHARS ? `${line.slice(0, MAX_CHARS - 1)}…` : line;
}

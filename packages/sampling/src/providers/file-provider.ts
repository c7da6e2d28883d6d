import { dirname, resolve } from 'node:path';
import { originals } from '@clew/core/internal';
import type { Provider, ProviderStats } from '../decider.ts';
import type { PolicySet } from '../policy.ts';
import { Background } from './background.ts';
import { DirectoryWatch } from './directory-watch.ts';
import { type FileSnapshot, readSnapshot, readSnapshotSync } from './file-snapshot.ts';
import { policyFormat } from './policy-format.ts';
import { hashOf, PolicyLoader } from './policy-loader.ts';
import { type FailureCause, messageOf, ProviderCounters } from './provider-counters.ts';
import { expectKeys, expectText, MAX_SET_BYTES, milliseconds } from './provider-options.ts';

/** Which file has the policies. */
export interface FileProviderOptions {
  /** Path of a file with JSON or YAML. It may be missing at the start. At most 1 MiB. */
  readonly path: string;
  /**
   * Milliseconds between two readings of the file if no change is notified: [10, 86400000], default 10000. Network file
   * systems notify of no change.
   */
  readonly intervalMs?: number | undefined;
}

/** Changes within this time are read together. */
const GATHER_MS = 50;
/** A file that is invalid or missing may be half-written: it is a failure only if it stays the same for this time. */
const HALF_WRITTEN_MS = 200;

/** Reads policies from a file at the start, and again whenever it changes. */
export class FileProvider implements Provider {
  readonly name: string;
  readonly priority = 3;
  readonly #path: string;
  readonly #intervalMs: number;
  readonly #counters: ProviderCounters;
  readonly #background = new Background();
  readonly #watch: DirectoryWatch;
  #loader: PolicyLoader | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer ends, in monotonic milliseconds. */
  #timerAt = Number.POSITIVE_INFINITY;
  #isReading = false;
  #isChanged = false;
  #isStopped = false;
  /** What was wrong at the last reading, the hash of an invalid content or the cause of a failure, and since when. */
  #suspect: { readonly symptom: string; readonly since: number } | undefined;

  /** @throws TypeError for an invalid option */
  constructor(options: FileProviderOptions) {
    expectKeys('file', options, ['path', 'intervalMs']);
    expectText('file.path', options.path);
    this.#path = resolve(options.path);
    this.#intervalMs = milliseconds('file.intervalMs', options.intervalMs, [10, 86_400_000], 10_000);
    this.name = `file ${options.path}`;
    this.#counters = new ProviderCounters(this.name);
    this.#watch = new DirectoryWatch(dirname(this.#path), () => this.#change());
  }

  /** Reads the file before it returns, so that the first request finds the policies. */
  start(inForce: (policies: PolicySet, version: string) => void): void {
    if (this.#loader !== undefined || this.#isStopped) return;
    this.#loader = new PolicyLoader(this.#counters, inForce);
    this.#background.run(() => {
      this.#watch.start();
      // A wrong path is reported at once.
      this.#schedule(this.#accept(readSnapshotSync(this.#path, MAX_SET_BYTES), 0));
    });
  }

  stats(): ProviderStats {
    return this.#counters.stats;
  }

  stop(): void {
    this.#isStopped = true;
    this.#watch.close();
    originals.clearTimeout(this.#timer);
  }

  #change(): void {
    if (this.#isReading) this.#isChanged = true;
    else this.#schedule(GATHER_MS);
  }

  /** Reads the file after `delayMs`, unless it will be read before that. */
  #schedule(delayMs: number): void {
    const at = originals.monotonicNow() + delayMs;
    if (this.#isStopped || at >= this.#timerAt) return;
    originals.clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = this.#background.later(delayMs, () => void this.#reload());
  }

  async #reload(): Promise<void> {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#isReading = true;
    this.#isChanged = false;
    await this.#watch.renew();
    const snapshot = await readSnapshot(this.#path, MAX_SET_BYTES);
    this.#isReading = false;
    if (this.#isStopped) return;
    const delayMs = this.#accept(snapshot, HALF_WRITTEN_MS);
    this.#schedule(this.#isChanged ? GATHER_MS : delayMs);
  }

  /** Puts a new content in force, and returns after how many milliseconds to read the file again. Never throws. */
  #accept(snapshot: FileSnapshot, patienceMs: number): number {
    if (snapshot.kind === 'failed') {
      return this.#refuse(snapshot.cause, snapshot.detail, snapshot.cause, patienceMs);
    }
    try {
      this.#loader?.load(snapshot.text, policyFormat(undefined, this.#path));
      this.#suspect = undefined;
      return this.#intervalMs;
    } catch (error) {
      return this.#refuse('invalid', messageOf(error), hashOf(snapshot.text), patienceMs);
    }
  }

  /** Counts a failure if it has been the same for `patienceMs`. */
  #refuse(cause: FailureCause, detail: string, symptom: string, patienceMs: number): number {
    const now = originals.monotonicNow();
    if (symptom !== this.#suspect?.symptom) this.#suspect = { symptom, since: now };
    const leftMs = this.#suspect.since + patienceMs - now;
    if (leftMs > 0) return leftMs;
    this.#counters.failed(cause, detail);
    return this.#intervalMs;
  }
}

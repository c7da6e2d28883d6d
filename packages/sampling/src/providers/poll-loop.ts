import { originals } from '@clew/core/internal';
import { Background } from './background.ts';
import {
  type ExchangeFailure,
  type ExchangeRequest,
  type ExchangeResult,
  HttpExchange,
} from './http-exchange.ts';
import { messageOf, type ProviderCounters } from './provider-counters.ts';

/** The outcome of a poll. The loop counts failures, the provider everything else. */
export type PollOutcome =
  | {
      readonly kind: 'done';
      /** Polls again at once, but never twice in a row. */
      readonly again?: boolean;
      /** Milliseconds until the next poll, instead of the interval. */
      readonly nextMs?: number | undefined;
    }
  | ExchangeFailure;

/** The behaviour of a poll loop. */
export interface PollLoopOptions {
  readonly counters: ProviderCounters;
  /** Milliseconds between two polls, before jitter. */
  readonly intervalMs: number;
  /** Milliseconds before the first poll; default 0. */
  readonly firstDelayMs?: number;
  /** One poll. What it throws is an `invalid` response. */
  readonly poll: (exchange: Exchange) => Promise<PollOutcome>;
}

/** Sends one request. It is aborted when the loop stops. */
export type Exchange = (request: ExchangeRequest) => Promise<ExchangeResult>;

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;
const MAX_WAIT_MS = 600_000;

/**
 * Polls at once and then at an interval: ±10 %, so that the processes of a deployment do not poll at the same moment.
 * After a failure it waits 1 s, doubled for each further failure up to the interval, or up to 30 s if that is longer. A
 * poll starts only after the last one has ended. Timers measure monotonic time; nothing depends on the wall clock.
 */
export class PollLoop {
  readonly #options: PollLoopOptions;
  readonly #background = new Background();
  #timer: NodeJS.Timeout | undefined;
  #current: HttpExchange | undefined;
  #state: 'new' | 'waiting' | 'polling' | 'stopped' = 'new';
  #isWanted = false;
  #failuresInARow = 0;

  constructor(options: PollLoopOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#state === 'new') this.#wait(this.#options.firstDelayMs ?? 0);
  }

  /** Polls at once, or once more after the poll in flight. */
  pollNow(): void {
    if (this.#state === 'polling') this.#isWanted = true;
    else if (this.#state === 'waiting') this.#wait(0);
  }

  stop(): void {
    this.#state = 'stopped';
    originals.clearTimeout(this.#timer);
    this.#current?.abort();
  }

  #wait(delayMs: number): void {
    this.#state = 'waiting';
    originals.clearTimeout(this.#timer);
    if (delayMs === 0) this.#background.run(() => void this.#poll(false));
    else this.#timer = this.#background.later(delayMs, () => void this.#poll(false));
  }

  async #poll(isRepeated: boolean): Promise<void> {
    this.#state = 'polling';
    const outcome = await this.#attempt();
    if (this.#hasStopped()) return;
    if (outcome.kind === 'failed') this.#options.counters.failed(outcome.cause, outcome.detail);
    this.#failuresInARow = outcome.kind === 'failed' ? this.#failuresInARow + 1 : 0;
    const isAsked = this.#isWanted || (!isRepeated && 'again' in outcome && outcome.again === true);
    const again = outcome.kind !== 'failed' && isAsked;
    this.#isWanted = false;
    if (again) await this.#poll(true);
    else this.#wait(this.#delayAfter(outcome));
  }

  async #attempt(): Promise<PollOutcome> {
    try {
      return await this.#options.poll(this.#exchange);
    } catch (error) {
      return { kind: 'failed', cause: 'invalid', detail: messageOf(error) };
    }
  }

  readonly #exchange: Exchange = async (request) => {
    this.#current = this.#background.run(() => new HttpExchange(request));
    // The loop may have been stopped between two requests of one poll.
    if (this.#hasStopped()) this.#current?.abort();
    return (
      (await this.#current?.result) ?? { kind: 'failed', cause: 'network', detail: 'could not be requested' }
    );
  };

  /** A method, because TypeScript would take the state before an `await` for the state after it. */
  #hasStopped(): boolean {
    return this.#state === 'stopped';
  }

  #delayAfter(outcome: PollOutcome): number {
    const { intervalMs } = this.#options;
    if (outcome.kind !== 'failed') return jittered(outcome.nextMs ?? intervalMs);
    const firstMs = Math.min(intervalMs, FIRST_RETRY_MS);
    const ownMs = Math.min(Math.max(intervalMs, MAX_RETRY_MS), firstMs * 2 ** (this.#failuresInARow - 1));
    return Math.max(jittered(ownMs), Math.min(outcome.retryAfterMs ?? 0, MAX_WAIT_MS));
  }
}

function jittered(ms: number): number {
  return Math.max(1, ms * (0.9 + Math.random() * 0.2));
}

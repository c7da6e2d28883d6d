/**
 * A rate: `perSecond` tokens are added each second, up to those of one second, but at least one. It is full at first.
 * Clocks that stop, go back or jump ahead never give more than a full bucket.
 */
export class TokenBucket {
  #perSecond: number;
  #capacity: number;
  #balance: number;
  #refilledAt: number | undefined;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#capacity = capacityOf(perSecond);
    this.#balance = this.#capacity;
  }

  get perSecond(): number {
    return this.#perSecond;
  }

  /** Changes the rate. The balance stays, as far as it fits. */
  setRate(perSecond: number): void {
    this.#perSecond = perSecond;
    this.#capacity = capacityOf(perSecond);
    this.#balance = Math.min(this.#balance, this.#capacity);
  }

  /** Whether there is a token at this time, in milliseconds of a monotonic clock. */
  has(nowMs: number): boolean {
    const elapsed = nowMs - (this.#refilledAt ?? nowMs);
    // Not for `NaN`, nor for a clock that went back.
    if (elapsed > 0) {
      this.#balance = Math.min(this.#balance + (elapsed * this.#perSecond) / 1000, this.#capacity);
    }
    if (elapsed >= 0 || elapsed < 0) this.#refilledAt = nowMs;
    return this.#balance >= 1;
  }

  /** Takes a token after `has`. */
  take(): void {
    this.#balance -= 1;
  }
}

/** A rate of 0 never has a token. */
function capacityOf(perSecond: number): number {
  return perSecond === 0 ? 0 : Math.max(perSecond, 1);
}

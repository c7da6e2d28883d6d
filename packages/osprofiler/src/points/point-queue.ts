import { DetachedScope, guard, originals, ThrottledWarnings } from '@clew/core/internal';
import type { EndedSpan } from './ended-span.ts';
import type { Point } from './point.ts';
import type { PointConnection, PointTarget } from './point-store.ts';
import { withinDeadline } from './within-deadline.ts';

const MAX_SPANS = 2048;
const BATCH_SPANS = 256;
const DELAY_MS = 500;
const WRITE_TIMEOUT_MS = 10_000;
const OPEN_TIMEOUT_MS = 5000;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;

/** Why the points of a span were not written. */
export type PointDropCause = 'queueFull' | 'traceFull' | 'failed' | 'shutdown' | 'unusableId';

/** Counts of spans. */
export interface PointStats {
  /** Spans whose points were written. */
  readonly written: number;
  /** Spans that wait to be written. */
  readonly waiting: number;
  /** Spans whose points were dropped, by cause. */
  readonly dropped: Readonly<Record<PointDropCause, number>>;
}

/**
 * Writes the points of ended spans in the background. At most 2,048 spans wait; while the store cannot be reached, they
 * stay, and further ones are dropped.
 */
export class PointQueue {
  readonly #target: PointTarget;
  readonly #pointsOf: (span: EndedSpan) => readonly Point[];
  readonly #scope = new DetachedScope('ClewOsprofiler', 'writing points');
  readonly #warnings = new ThrottledWarnings();
  readonly #dropped = { queueFull: 0, traceFull: 0, failed: 0, shutdown: 0, unusableId: 0 };
  #written = 0;
  #waiting: EndedSpan[] = [];
  #connection: PointConnection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  constructor(target: PointTarget, pointsOf: (span: EndedSpan) => readonly Point[]) {
    this.#target = target;
    this.#pointsOf = pointsOf;
  }

  add(span: EndedSpan): void {
    if (this.#isClosed) this.drop('shutdown', 1, 'a span ended after the shutdown');
    else if (this.#waiting.length >= MAX_SPANS) this.drop('queueFull', 1, `${MAX_SPANS} spans are waiting`);
    else {
      this.#waiting.push(span);
      this.#timer ??= this.#later(DELAY_MS);
    }
  }

  drop(cause: PointDropCause, spans: number, detail: string): void {
    this.#dropped[cause] += spans;
    this.#warn(
      cause,
      () => `the points of ${this.#dropped[cause]} spans were dropped so far (${cause}): ${detail}`,
    );
  }

  /** Writes the waiting spans; tries once to reach the store. Never rejects. */
  async flush(timeoutMs: number): Promise<void> {
    await withinDeadline(this.#drain(), timeoutMs);
  }

  /** Flushes, drops what is left and closes the connection. Never rejects. */
  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  stats(): PointStats {
    return { written: this.#written, waiting: this.#waiting.length, dropped: { ...this.#dropped } };
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    await this.flush(timeoutMs);
    originals.clearTimeout(this.#timer);
    const left = this.#waiting.splice(0).length;
    if (left > 0) this.drop('shutdown', left, `${this.#target.name} could not be reached in time`);
    this.#disconnect();
    const closing = this.#scope.run(async () => this.#target.close?.());
    await withinDeadline(closing, timeoutMs);
  }

  #later(delayMs: number): NodeJS.Timeout {
    return this.#scope.later(delayMs, () => void this.#drain());
  }

  #drain(): Promise<void> {
    originals.clearTimeout(this.#timer);
    this.#draining ??= this.#scope
      .run(() => this.#writeAll())
      .finally(() => {
        this.#draining = undefined;
        originals.clearTimeout(this.#timer);
        const retries = this.#waiting.length > 0 && !this.#isClosed;
        this.#timer = retries ? this.#later(this.#retryMs) : undefined;
      });
    return this.#draining;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const connection = await this.#connected();
      if (connection === undefined) return;
      await this.#write(connection, this.#waiting.splice(0, BATCH_SPANS));
    }
  }

  async #connected(): Promise<PointConnection | undefined> {
    if (this.#connection?.isOpen() === true) return this.#connection;
    this.#disconnect();
    try {
      this.#connection = await this.#open();
      this.#retryMs = FIRST_RETRY_MS;
      return this.#connection;
    } catch (error) {
      const { name } = this.#target;
      this.#warn('open', () => `${name} cannot be reached, points wait or are dropped: ${messageOf(error)}`);
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
      return undefined;
    }
  }

  async #open(): Promise<PointConnection> {
    const opening = this.#target.open();
    if ((await withinDeadline(opening, OPEN_TIMEOUT_MS, 'unreferenced')) === 'late') {
      opening.then(closeQuietly, () => {});
      throw new Error(`no connection within ${OPEN_TIMEOUT_MS} ms`);
    }
    return opening;
  }

  async #write(connection: PointConnection, spans: readonly EndedSpan[]): Promise<void> {
    const points = spans.flatMap((span) => guard('making trace points', () => this.#pointsOf(span)) ?? []);
    const described = points.length / 2;
    if (described < spans.length)
      this.drop('failed', spans.length - described, 'a span has values that cannot be read');
    if (described === 0) return;
    try {
      const writing = connection.write(points);
      if ((await withinDeadline(writing, WRITE_TIMEOUT_MS, 'unreferenced')) === 'late')
        throw new Error(`no response within ${WRITE_TIMEOUT_MS} ms`);
      const refused = (await writing) / 2;
      this.#written += described - refused;
      if (refused > 0) this.drop('traceFull', refused, 'their trace has maxPointsPerTrace points');
    } catch (error) {
      this.drop('failed', described, `${this.#target.name}: ${messageOf(error)}`);
      this.#disconnect();
    }
  }

  #disconnect(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection !== undefined) this.#scope.run(() => closeQuietly(connection));
  }

  #warn(topic: string, text: () => string): void {
    this.#warnings.warn(topic, () => `@clew/osprofiler: ${text()}`);
  }
}

function closeQuietly(connection: PointConnection): void {
  try {
    connection.close();
  } catch {
    // The connection has ended already.
  }
}

function messageOf(error: unknown): string {
  const { message, code } = (error ?? {}) as { readonly message?: unknown; readonly code?: unknown };
  // A connection that was refused on several addresses has no message of its own.
  return String(message || code || error);
}

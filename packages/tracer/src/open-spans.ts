// Slots with a list of free ones, not a Set: a span costs a few nanoseconds here, with a Set it costs 40
// (benchmarks/tracer-micro.mjs).
import type { RecordingSpan } from './recording-span.ts';

/** Spans that an application never ends must not fill its memory: of more than these, older ones are forgotten. */
const MAX_OPEN = 4096;

/** The recorded spans that have not ended yet: the process may end before they do. */
export class OpenSpans {
  readonly #slots: (RecordingSpan | undefined)[] = [];
  readonly #free: number[] = [];
  #nextForgotten = 0;

  get count(): number {
    return this.#slots.length - this.#free.length;
  }

  add(span: RecordingSpan): void {
    const slot = this.#free.pop() ?? this.#newSlot();
    this.#slots[slot] = span;
    span.openSlot = slot;
  }

  remove(span: RecordingSpan): void {
    const slot = span.openSlot;
    if (slot < 0) return;
    span.openSlot = -1;
    this.#slots[slot] = undefined;
    this.#free.push(slot);
  }

  /** All of them, the youngest first: children come before their parents. */
  list(): RecordingSpan[] {
    return this.#slots.filter((span) => span !== undefined).sort((a, b) => b.startMs - a.startMs);
  }

  #newSlot(): number {
    if (this.#slots.length < MAX_OPEN) return this.#slots.length;
    const slot = this.#nextForgotten;
    this.#nextForgotten = (slot + 1) % MAX_OPEN;
    this.#slots[slot]!.openSlot = -1;
    return slot;
  }
}

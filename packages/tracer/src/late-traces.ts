import type { LocalRootDecision, PendingDecision } from '@clew/core/internal';
import type { BatchQueue } from './batch-queue.ts';
import { durationBetween, hrTimeAt, monotonicNow } from './clock.ts';
import { LateBuffer } from './late-buffer.ts';
import { FORGOTTEN, KEPT, LateTrace, PENDING } from './late-trace.ts';
import type { ProcessorChain } from './processor-chain.ts';
import type { RecordingSpan } from './recording-span.ts';
import type { ScopeBuffer } from './scope-buffer.ts';
import { type Counters, describe, type LateStats } from './stats.ts';

/** Ended spans that are held for span processors, in all pending traces. */
const MAX_HELD_SPANS = 4096;
/** One trace may use this share of the limits, so that it does not displace all others. */
const SHARE_OF_ONE_TRACE = 0.25;
const UNSAMPLED: LocalRootDecision = { sampled: false, traceState: undefined };

/** Keeps the ended spans of pending traces in bounded memory until their sampler decides. */
export class LateTraces {
  /** Set when the application crashes: its open local roots count as failed. */
  isFailing = false;
  readonly #queue: BatchQueue | undefined;
  readonly #processors: ProcessorChain | undefined;
  readonly #counters: Counters;
  readonly #buffer: LateBuffer;
  readonly #maxSpans: number;
  /** Encodes one span at a time. */
  readonly #scratch: ScopeBuffer | undefined;
  #oldest: LateTrace | undefined;
  #newest: LateTrace | undefined;
  readonly #stats = { pending: 0, spans: 0, keptAtRoute: 0, keptAtEnd: 0, forgotten: 0, incomplete: 0 };

  constructor(
    queue: BatchQueue | undefined,
    processors: ProcessorChain | undefined,
    counters: Counters,
    maxBytes: number,
  ) {
    this.#queue = queue;
    this.#processors = processors;
    this.#counters = counters;
    this.#buffer = new LateBuffer(maxBytes);
    this.#maxSpans = processors === undefined ? Number.POSITIVE_INFINITY : MAX_HELD_SPANS;
    this.#scratch = queue?.openBuffer({ name: '' });
  }

  stats(): LateStats {
    return { ...this.#stats, bytes: this.#buffer.bytes };
  }

  start(decision: LocalRootDecision): LateTrace {
    if (!decision.sampled) this.#stats.pending++;
    return new LateTrace(this, decision);
  }

  decideAtRoute(trace: LateTrace, pending: PendingDecision, route: string): void {
    const decision = this.#ask(() => pending.atRoute(route));
    trace.pending = decision.pending;
    const isDecided = decision.sampled || decision.pending === undefined;
    if (trace.state === PENDING && isDecided) this.#apply(trace, decision, 'keptAtRoute');
    if (trace.pending === undefined) trace.root = undefined;
  }

  /** Decides by what is known, if the trace is still pending; informs its sampler of the end in any case. */
  decideAtEnd(trace: LateTrace): void {
    const { pending, root } = trace;
    let decision = UNSAMPLED;
    if (pending !== undefined && root !== undefined) {
      const end = { isError: this.isFailing || root.status.code === 2, durationMs: durationMsOf(root) };
      decision = this.#ask(() => pending.atEnd(end));
    }
    trace.pending = undefined;
    if (trace.state === PENDING) this.#apply(trace, decision, 'keptAtEnd');
    trace.root = undefined;
  }

  /** Decides about all traces with spans in memory, because the process ends. */
  decideAll(): void {
    for (let trace = this.#oldest; trace !== undefined; trace = this.#oldest) this.decideAtEnd(trace);
  }

  /** Takes an ended span of a pending trace. */
  addEnded(trace: LateTrace, span: RecordingSpan, buffer: ScopeBuffer | undefined): void {
    const length = buffer === undefined ? 0 : this.#encode(span);
    if (length === 0 && this.#processors === undefined) {
      // There is nothing to keep: listing the trace would hold it in memory until its local root ends.
      span.release();
      return;
    }
    if (!this.#hasSpaceFor(trace, length)) {
      this.#countLost(trace, 1);
      if (this.#processors === undefined) span.release();
      else this.#processors.onEnd(span);
      return;
    }
    this.#list(trace);
    trace.spans++;
    this.#stats.spans++;
    if (length > 0) this.#store(trace, length, buffer!);
    if (this.#processors === undefined) span.release();
    else {
      trace.held ??= [];
      trace.held.push(span);
    }
  }

  /** Returns the length; 0 if the span could not be encoded, which has been counted. */
  #encode(span: RecordingSpan): number {
    const length = this.#scratch!.write(span);
    this.#scratch!.undo(length);
    return length;
  }

  #store(trace: LateTrace, length: number, buffer: ScopeBuffer): void {
    this.#buffer.append(trace.chain, this.#scratch!.memory, length);
    if (trace.lengths === undefined) {
      // As literals: pushing to an empty array allocates space for sixteen elements.
      trace.lengths = [length];
      trace.buffers = [buffer];
      return;
    }
    trace.lengths.push(length);
    trace.buffers!.push(buffer);
  }

  /** Whether the trace may grow. Removes the spans of the oldest traces if that is necessary. */
  #hasSpaceFor(trace: LateTrace, length: number): boolean {
    const { maxBlocks } = this.#buffer;
    const needed = this.#buffer.blocksFor(trace.chain, length);
    if (trace.chain.blocks + needed > Math.max(1, maxBlocks * SHARE_OF_ONE_TRACE)) return false;
    if (trace.spans >= this.#maxSpans * SHARE_OF_ONE_TRACE) return false;
    while (this.#buffer.freeBlocks < needed || this.#stats.spans >= this.#maxSpans) {
      const oldest = this.#oldest === trace ? trace.newer : this.#oldest;
      if (oldest === undefined) return false;
      this.#countLost(oldest, oldest.spans);
      this.#clear(oldest);
    }
    return true;
  }

  /** The trace stays pending: its local root may still be kept. */
  #countLost(trace: LateTrace, spans: number): void {
    if (!trace.hasLostSpans) this.#stats.incomplete++;
    trace.hasLostSpans = true;
    this.#counters.drop('lateBufferFull', spans, 'the buffer for traces that are not decided yet is full');
  }

  #ask(decide: () => LocalRootDecision): LocalRootDecision {
    try {
      return decide();
    } catch (error) {
      this.#counters.warn('sampler', () => `the sampler threw, the trace is not kept: ${describe(error)}`);
      return UNSAMPLED;
    }
  }

  #apply(trace: LateTrace, decision: LocalRootDecision, kept: 'keptAtRoute' | 'keptAtEnd'): void {
    this.#stats.pending--;
    if (decision.sampled) {
      this.#stats[kept]++;
      this.#counters.spansSampled += trace.startedSpans;
      trace.traceState = decision.traceState;
      trace.state = KEPT;
      this.#describe(trace);
      trace.root?.addAttributes(decision.attributes);
      this.#send(trace);
    } else {
      this.#stats.forgotten++;
      trace.state = FORGOTTEN;
    }
    trace.describe = undefined;
    this.#clear(trace);
  }

  #describe({ root, describe: attributesOf }: LateTrace): void {
    if (root === undefined || attributesOf === undefined) return;
    try {
      const { attributes } = root;
      const missing = Object.entries(attributesOf()).filter(([key]) => !Object.hasOwn(attributes, key));
      root.addAttributes(Object.fromEntries(missing));
    } catch (error) {
      this.#counters.warn('describe', () => `a span could not be described: ${describe(error)}`);
    }
  }

  #send({ lengths, buffers, chain }: LateTrace): void {
    if (lengths === undefined || buffers === undefined) return;
    const content = this.#buffer.contentOf(chain);
    let at = 0;
    for (const [i, length] of lengths.entries()) {
      this.#queue?.add(buffers[i]!, content.subarray(at, at + length));
      at += length;
    }
  }

  /** Frees the memory, and passes the held spans to the processors with the sampled flag that they have now. */
  #clear(trace: LateTrace): void {
    const { held } = trace;
    this.#buffer.free(trace.chain);
    this.#stats.spans -= trace.spans;
    trace.spans = 0;
    trace.lengths = undefined;
    trace.buffers = undefined;
    trace.held = undefined;
    this.#unlist(trace);
    if (held !== undefined) for (const span of held) this.#processors?.onEnd(span);
  }

  #list(trace: LateTrace): void {
    if (trace.isListed) return;
    trace.isListed = true;
    trace.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = trace;
    else this.#newest.newer = trace;
    this.#newest = trace;
  }

  #unlist(trace: LateTrace): void {
    if (!trace.isListed) return;
    const { older, newer } = trace;
    trace.isListed = false;
    trace.older = undefined;
    trace.newer = undefined;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
  }
}

function durationMsOf(root: RecordingSpan): number {
  if (root.ended && root.rare === undefined) return root.endMs - root.startMs;
  const end = root.ended ? root.endTime : hrTimeAt(root.localTrace.anchor, monotonicNow());
  const [seconds, nanos] = durationBetween(root.startTime, end);
  return seconds * 1000 + nanos / 1e6;
}

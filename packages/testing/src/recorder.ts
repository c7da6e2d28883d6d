import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createPropagator, rootContext, w3cBaggage, w3cTraceContext } from '@clew/core';
import {
  type Context,
  type ContextManager,
  context,
  propagation,
  type Span,
  type SpanContext,
  type SpanOptions,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { type RecordedSpan, RecordingSpan, type SpanWatcher, UnsampledSpan } from './recording-span.ts';
import { WatchedContextManager } from './watched-context-manager.ts';

/** How long `take` waits for spans before it rejects with a list of the recorded ones. */
const TAKE_WITHIN_MS = 5_000;

/** Options of `createRecorder`. */
export interface RecorderOptions {
  /** The context carrier under test; `AsyncContextManager` by default. */
  readonly contextManager?: ContextManager;
}

/** Records every span of the process until it is stopped. */
export interface Recorder {
  /** Whether spans that start from now on are recorded. A span that is not still has ids that are carried on. */
  sampling: 'all' | 'none';
  /** The number of calls on spans that are not recorded: wasted work. */
  readonly wastedCalls: number;
  /** The finished spans, in the order of their ends. They count as looked at. */
  spans(): readonly RecordedSpan[];
  /** The spans that have started and not ended. */
  open(): readonly RecordedSpan[];
  /**
   * Waits until `count` spans are finished and none is open, and hands them over in the order of their starts.
   * Rejects after 5 seconds, or at once when there are more than `count`, with the list of what is there.
   */
  take(count: number): Promise<RecordedSpan[]>;
  /** As `take`, until a span for which `isLast` holds is finished and none is open; hands over all there are. */
  takeUntil(isLast: (span: RecordedSpan) => boolean): Promise<RecordedSpan[]>;
  /** Throws when spans were not looked at, are still open or were used after their end, or when a context is still current. */
  verify(): void;
  /** Forgets all spans. */
  reset(): void;
  /** Makes the recorder the provider of the OpenTelemetry API, if it is not. */
  start(): void;
  /** Uninstalls the recorder: the API's globals are unset. */
  stop(): void;
}

/**
 * Makes a recorder and installs it, a context manager and the W3C formats as the API's globals.
 *
 * @example
 * const recorder = createRecorder();
 * trace.getTracer('shop').startSpan('checkout').end();
 * const [span] = await recorder.take(1); // span.name === 'checkout'
 * recorder.stop();
 */
export function createRecorder(options: RecorderOptions = {}): Recorder {
  const recorder = prepareRecorder(options);
  recorder.start();
  return recorder;
}

/** As `createRecorder`, not installed yet. */
export function prepareRecorder(options: RecorderOptions = {}): Recorder {
  return new SpanRecorder(options.contextManager ?? new WatchedContextManager());
}

class SpanRecorder implements Recorder, SpanWatcher {
  sampling: 'all' | 'none' = 'all';
  wastedCalls = 0;
  readonly #contextManager: ContextManager;
  readonly #started: RecordingSpan[] = [];
  readonly #ended: RecordingSpan[] = [];
  readonly #seen = new Set<RecordingSpan>();
  readonly #faults: string[] = [];
  readonly #waiting = new Set<() => void>();
  #installed = false;

  constructor(contextManager: ContextManager) {
    this.#contextManager = contextManager;
  }

  start(): void {
    if (this.#installed) return;
    this.#installed = true;
    this.#contextManager.enable();
    assert(context.setGlobalContextManager(this.#contextManager), 'another context manager is installed');
    assert(
      trace.setGlobalTracerProvider({ getTracer: (name, version) => this.#tracer({ name, version }) }),
      'another tracer provider is installed',
    );
    const propagator = createPropagator({
      extract: [w3cTraceContext],
      inject: [w3cTraceContext],
      extractBeside: [w3cBaggage],
      injectBeside: [w3cBaggage],
    });
    assert(propagation.setGlobalPropagator(propagator), 'another propagator is installed');
  }

  stop(): void {
    if (!this.#installed) return;
    this.#installed = false;
    context.disable();
    trace.disable();
    propagation.disable();
    this.reset();
  }

  spans(): readonly RecordedSpan[] {
    for (const span of this.#ended) this.#seen.add(span);
    return this.#ended.map((span) => span.recorded());
  }

  open(): readonly RecordedSpan[] {
    return this.#open().map((span) => span.recorded());
  }

  async take(count: number): Promise<RecordedSpan[]> {
    const spans = await this.#takeWhen(`${count} spans`, () => this.#ended.length >= count);
    assert(spans.length === count, `expected ${count} spans, got ${spans.length}: ${names(spans)}`);
    return spans;
  }

  takeUntil(isLast: (span: RecordedSpan) => boolean): Promise<RecordedSpan[]> {
    return this.#takeWhen('a last span', () => this.#ended.some((span) => isLast(span.recorded())));
  }

  verify(): void {
    const unseen = this.#ended.filter((span) => !this.#seen.has(span)).map((span) => span.recorded());
    const open = this.open();
    const faults = [...this.#faults];
    this.reset();
    assert(unseen.length === 0, `spans that nobody looked at: ${names(unseen)}`);
    assert(open.length === 0, `spans left open: ${names(open)}`);
    assert(faults.length === 0, `spans used wrongly: ${faults.join('; ')}`);
    assert(context.active() === rootContext && this.#takeAttached() === 0, 'a context is still current');
  }

  reset(): void {
    this.#started.length = 0;
    this.#ended.length = 0;
    this.#seen.clear();
    this.#faults.length = 0;
    this.wastedCalls = 0;
  }

  ended(span: RecordingSpan): void {
    // A span that began before a reset is not of this test any more.
    if (!this.#started.includes(span)) return;
    this.#ended.push(span);
    for (const look of this.#waiting) look();
  }

  misused(fault: string): void {
    this.#faults.push(fault);
  }

  #takeAttached(): number {
    if (!(this.#contextManager instanceof WatchedContextManager)) return 0;
    const { attached } = this.#contextManager;
    this.#contextManager.attached = 0;
    return attached;
  }

  #open(): RecordingSpan[] {
    return this.#started.filter((span) => span.isRecording());
  }

  async #takeWhen(what: string, finished: () => boolean): Promise<RecordedSpan[]> {
    const enough = () => finished() && this.#open().length === 0;
    if (!enough()) await this.#waitFor(what, enough);
    const spans = this.#started.map((span) => span.recorded());
    this.reset();
    return spans;
  }

  #waitFor(what: string, enough: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const stopWaiting = () => {
        clearTimeout(deadline);
        this.#waiting.delete(look);
      };
      const look = () => {
        if (!enough()) return;
        stopWaiting();
        resolve();
      };
      const deadline = setTimeout(() => {
        stopWaiting();
        const [finished, open] = [names(this.spans()), names(this.open())];
        this.reset();
        reject(new Error(`expected ${what}; finished: ${finished}; open: ${open}`));
      }, TAKE_WITHIN_MS);
      this.#waiting.add(look);
    });
  }

  #tracer(scope: RecordedSpan['scope']): Tracer {
    const start = (name: string, options: SpanOptions = {}, parent = context.active()) =>
      this.#startSpan(scope, name, options, parent);
    const startActiveSpan = (name: string, ...rest: unknown[]): unknown => {
      const run = rest.pop() as (span: Span) => unknown;
      const [options = {}, parent = context.active()] = rest as [SpanOptions?, Context?];
      const span = start(name, options, parent);
      return context.with(trace.setSpan(parent, span), () => run(span));
    };
    return { startSpan: start, startActiveSpan: startActiveSpan as Tracer['startActiveSpan'] };
  }

  #startSpan(scope: RecordedSpan['scope'], name: string, options: SpanOptions, parentContext: Context): Span {
    const parent = options.root ? undefined : trace.getSpanContext(parentContext);
    const sampled = this.sampling === 'all';
    const spanContext: SpanContext = {
      traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
      spanId: randomBytes(8).toString('hex'),
      traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
      ...(parent?.traceState && { traceState: parent.traceState }),
    };
    if (!sampled) {
      return new UnsampledSpan(spanContext, () => {
        this.wastedCalls++;
      });
    }
    const span = new RecordingSpan(this, spanContext, parent, scope, name, options);
    this.#started.push(span);
    return span;
  }
}

function names(spans: readonly RecordedSpan[]): string {
  return spans.map((span) => `"${span.name}"`).join(', ') || 'none';
}

import assert from 'node:assert/strict';
import { createPropagator, rootContext, w3cBaggage, w3cTraceContext } from '@clew/core';
import {
  type ContextManager,
  context,
  propagation,
  ROOT_CONTEXT,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { recordingProvider } from './recording-provider.ts';
import type { RecordedSpan, SpanWatcher, WatchedSpan } from './recording-span.ts';
import { type SdkHooks, sdkHooks } from './sdk-spans.ts';
import { WatchedContextManager } from './watched-context-manager.ts';

/** How long `take` waits for spans before it rejects with a list of the recorded ones. */
const TAKE_TIMEOUT_MS = 10_000;

/** Options of `createRecorder`. */
export interface RecorderOptions {
  /** The context carrier under test; `AsyncContextManager` by default. */
  readonly contextManager?: ContextManager;
  /**
   * Creates the tracer provider under test, such as that of OpenTelemetry's SDK; by default the spans are the recorder's
   * own. An SDK's unrecorded spans, and its spans after their end, are not watched: `wastedCalls` stays 0.
   */
  readonly createProvider?: (hooks: SdkHooks) => TracerProvider;
}

/** Records every span of the process until it is stopped. */
export interface Recorder {
  /** Whether new spans are recorded. The ids of an unrecorded span are propagated all the same. */
  sampling: 'all' | 'none';
  /** The number of calls on unrecorded spans, which are wasted work. */
  readonly wastedCalls: number;
  /** Returns the finished spans in the order of their ends. `verify` regards them as checked. */
  spans(): readonly RecordedSpan[];
  /** Returns the spans that have not ended. */
  open(): readonly RecordedSpan[];
  /**
   * Waits until `count` spans have finished and no span is open. Returns them in the order of their starts, and removes
   * them from the recorder. Rejects with the list of spans after 10 seconds, or at once if there are more than `count`.
   */
  take(count: number): Promise<RecordedSpan[]>;
  /** Like `take`, but waits until a span for which `isLast` returns true has finished. Returns all spans. */
  takeUntil(isLast: (span: RecordedSpan) => boolean): Promise<RecordedSpan[]>;
  /** Throws if a span was not checked, has not ended or was used after its end, or if a context is still current. */
  verify(): void;
  /** Removes all spans. */
  reset(): void;
  /** Installs the recorder as the tracer provider of the OpenTelemetry API, if it is not installed. */
  start(): void;
  /** Uninstalls the recorder and unsets the API's globals. */
  stop(): void;
}

/**
 * Creates a recorder, and installs it with a context manager and the W3C formats as the API's globals.
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

/** Like `createRecorder`, but does not install the recorder; `start()` does. */
export function prepareRecorder(options: RecorderOptions = {}): Recorder {
  return new SpanRecorder(options);
}

class SpanRecorder implements Recorder, SpanWatcher {
  sampling: 'all' | 'none' = 'all';
  wastedCalls = 0;
  readonly #contextManager: ContextManager;
  readonly #createProvider: () => TracerProvider;
  readonly #started: WatchedSpan[] = [];
  readonly #ended: WatchedSpan[] = [];
  readonly #checked = new Set<WatchedSpan>();
  readonly #misuses: string[] = [];
  readonly #waiting = new Set<() => void>();
  #installed = false;

  constructor({ contextManager = new WatchedContextManager(), createProvider }: RecorderOptions) {
    this.#contextManager = contextManager;
    this.#createProvider = () => createProvider?.(sdkHooks(this)) ?? recordingProvider(this);
  }

  start(): void {
    if (this.#installed) return;
    this.#installed = true;
    this.#contextManager.enable();
    assert(context.setGlobalContextManager(this.#contextManager), 'another context manager is installed');
    assert(trace.setGlobalTracerProvider(this.#createProvider()), 'another tracer provider is installed');
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
    for (const span of this.#ended) this.#checked.add(span);
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
    const unchecked = this.#ended.filter((span) => !this.#checked.has(span)).map((span) => span.recorded());
    const open = this.open();
    const misuses = [...this.#misuses];
    this.reset();
    assert(unchecked.length === 0, `spans that were not checked: ${names(unchecked)}`);
    assert(open.length === 0, `spans that have not ended: ${names(open)}`);
    assert(misuses.length === 0, `spans used after their end: ${misuses.join('; ')}`);
    const current = context.active();
    const isRoot = current === rootContext || current === ROOT_CONTEXT;
    assert(isRoot && this.#takeAttached() === 0, 'a context is still current');
  }

  reset(): void {
    this.#started.length = 0;
    this.#ended.length = 0;
    this.#checked.clear();
    this.#misuses.length = 0;
    this.wastedCalls = 0;
  }

  started(span: WatchedSpan): void {
    this.#started.push(span);
  }

  ended(span: WatchedSpan): void {
    // A span that started before a reset belongs to an earlier test.
    if (!this.#started.includes(span)) return;
    this.#ended.push(span);
    for (const check of this.#waiting) check();
  }

  misused(misuse: string): void {
    this.#misuses.push(misuse);
  }

  wasted(): void {
    this.wastedCalls++;
  }

  #takeAttached(): number {
    if (!(this.#contextManager instanceof WatchedContextManager)) return 0;
    const { attached } = this.#contextManager;
    this.#contextManager.attached = 0;
    return attached;
  }

  #open(): WatchedSpan[] {
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
        this.#waiting.delete(check);
      };
      const check = () => {
        if (!enough()) return;
        stopWaiting();
        resolve();
      };
      const deadline = setTimeout(() => {
        stopWaiting();
        const [finished, open] = [names(this.spans()), names(this.open())];
        this.reset();
        reject(new Error(`expected ${what}; finished: ${finished}; open: ${open}`));
      }, TAKE_TIMEOUT_MS);
      this.#waiting.add(check);
    });
  }
}

function names(spans: readonly RecordedSpan[]): string {
  return spans.map((span) => `"${span.name}"`).join(', ') || 'none';
}

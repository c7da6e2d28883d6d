import { DetachedScope, finishPendingEnds, originals } from '@clew/core/internal';
import type {
  Tracer as ApiTracer,
  TracerProvider as ApiTracerProvider,
  Attributes,
} from '@opentelemetry/api';
import { BatchQueue } from './batch-queue.ts';
import { checkedIds } from './checked-ids.ts';
import { Clock } from './clock.ts';
import { withinDeadline } from './deadline.ts';

import { expectMethods, integerOption } from './expect-option.ts';
import { ExporterBatcher } from './exporter-batcher.ts';
import { type OtlpExporterOptions, resolveExporterOptions } from './exporter-options.ts';
import { attempt, textOf } from './foreign-values.ts';
import type { IdGenerator } from './ids.ts';
import { LateTraces } from './late-traces.ts';
import { resolveLimits, type SpanLimits } from './limits.ts';
import { LocalRoots } from './local-roots.ts';
import { OpenSpans } from './open-spans.ts';
import { OtlpHttpExporter, type UnsentSpans } from './otlp-http-exporter.ts';
import { otlpJson } from './otlp-json.ts';
import { otlpProtobuf } from './otlp-protobuf.ts';
import { ProcessorChain } from './processor-chain.ts';
import { Recorder, type RecorderParts } from './recorder.ts';
import { resourceOf } from './resource.ts';
import { alwaysOn, expectSampler, parentBased } from './samplers.ts';
import type { InstrumentationScope, Sampler, SpanExporter, SpanProcessor } from './sdk-interfaces.ts';
import { Counters, type TracerStats } from './stats.ts';
import { type ProviderState, Tracer } from './tracer.ts';

/** Options of a {@link TracerProvider}. */
export interface TracerProviderOptions {
  /** Attributes of this process, overriding the detected ones; set at least `service.name`. */
  readonly resource?: Readonly<Attributes>;
  /** Any OpenTelemetry sampler; default `parentBased({ root: alwaysOn() })`. */
  readonly sampler?: Sampler;
  /** Options of the built-in OTLP exporter; `false` disables it. */
  readonly exporter?: OtlpExporterOptions | false;
  /** OpenTelemetry span processors, called in this order. */
  readonly spanProcessors?: readonly SpanProcessor[];
  /** OpenTelemetry span exporters; each gets batches of at most 512 sampled spans and queues at most 2048. */
  readonly spanExporters?: readonly SpanExporter[];
  /** Limits for one span. */
  readonly limits?: Partial<SpanLimits>;
  /**
   * Bytes for the ended spans of traces whose sampler decides at the route or at the end: [65536, 1073741824], default
   * 8388608. When it is full, the oldest such trace loses its ended spans.
   */
  readonly lateBufferBytes?: number;
  /** Generates ids; default random. */
  readonly idGenerator?: IdGenerator;
}

/** Options of a flush or shutdown. */
export interface FlushOptions {
  /** Maximum duration in milliseconds: [0, 3600000], default 30000 for a flush and 10000 for a shutdown. */
  readonly timeoutMs?: number;
  /** Set when the process exits after this flush: an unreachable receiver is not retried. Default `false`. */
  readonly lastChance?: boolean;
}

const MAX_TRACERS = 1000;
/** Reasons of `endUnfinished` for which the open local roots count as failed. */
const CRASHES: ReadonlySet<string> = new Set(['uncaught exception', 'unhandled rejection']);

/**
 * An OpenTelemetry `TracerProvider`: records spans, encodes each as it ends, and sends them over OTLP.
 * The constructor throws a `TypeError` that names an invalid option; nothing throws later.
 */
export class TracerProvider implements ApiTracerProvider {
  readonly #sampler: Sampler;
  readonly #parts: RecorderParts;
  readonly #queue: BatchQueue | undefined;
  #exporter: OtlpHttpExporter | undefined;
  readonly #processors: ProcessorChain | undefined;
  readonly #counters = new Counters();
  readonly #openSpans = new OpenSpans();
  readonly #state: ProviderState = { closed: false };
  readonly #tracers = new Map<string, Tracer>();
  #shutdown: Promise<void> | undefined;

  constructor(options: TracerProviderOptions = {}) {
    const { sampler, exporter, spanProcessors = [], spanExporters = [], idGenerator } = options;
    if (sampler !== undefined) expectSampler(sampler, 'sampler');
    for (const [i, one] of spanProcessors.entries())
      expectMethods(one, `spanProcessors[${i}]`, ['onStart', 'onEnd']);
    for (const [i, one] of spanExporters.entries()) expectMethods(one, `spanExporters[${i}]`, ['export']);
    const lateBufferBytes = integerOption(
      options.lateBufferBytes,
      'lateBufferBytes',
      [65_536, 1_073_741_824],
      8_388_608,
    );
    if (idGenerator !== undefined)
      expectMethods(idGenerator, 'idGenerator', ['generateTraceId', 'generateSpanId']);
    const localRoots = sampler && LocalRoots.of(sampler, this.#counters);
    this.#sampler = localRoots ?? sampler ?? parentBased({ root: alwaysOn() });
    const resource = resourceOf(options.resource);
    const scope = new DetachedScope('ClewExport', 'exporting');
    this.#queue = exporter === false ? undefined : this.#otlp(exporter, resource.attributes, scope);
    const processors = [
      ...spanProcessors,
      ...spanExporters.map((one) => new ExporterBatcher(one, this.#counters, scope)),
    ];
    this.#processors = processors.length > 0 ? new ProcessorChain(processors, this.#counters) : undefined;
    this.#parts = {
      resource,
      limits: resolveLimits(options.limits),
      clock: new Clock(),
      counters: this.#counters,
      openSpans: this.#openSpans,
      newTraceId: idGenerator && checkedIds(this.#counters, 32, () => idGenerator.generateTraceId()),
      newSpanId: idGenerator && checkedIds(this.#counters, 16, () => idGenerator.generateSpanId()),
      queue: this.#queue,
      processors: this.#processors,
      lateTraces:
        localRoots && new LateTraces(this.#queue, this.#processors, this.#counters, lateBufferBytes),
    };
  }

  /** Returns the tracer of an instrumentation library; the same one for the same name, version and schema URL. */
  getTracer(name: string, version?: string, options?: { schemaUrl?: string }): ApiTracer {
    const schemaUrl = attempt(() => options?.schemaUrl);
    const texts = [name ?? '', version || '', schemaUrl || ''].map(textOf) as [string, string, string];
    const key = JSON.stringify(texts);
    let tracer = this.#tracers.get(key);
    if (tracer === undefined) {
      const scope: InstrumentationScope = {
        name: texts[0],
        ...(texts[1] !== '' && { version: texts[1] }),
        ...(texts[2] !== '' && { schemaUrl: texts[2] }),
      };
      tracer = new Tracer(new Recorder(scope, this.#parts), this.#sampler, this.#state);
      if (this.#tracers.size < MAX_TRACERS) this.#tracers.set(key, tracer);
    }
    return tracer;
  }

  /** Sends all ended spans. Never rejects; keeps the process alive until it has finished or timed out. */
  async forceFlush(options: FlushOptions = {}): Promise<void> {
    if (this.#shutdown !== undefined) return;
    attempt(finishPendingEnds);
    const lastChance = attempt(() => options.lastChance) === true;
    await this.#flushWithin(deadlineMs(options, 30_000), lastChance);
  }

  /**
   * Ends open spans like `endUnfinished`, flushes, then drops and counts what is left and closes the connection.
   * Never rejects; further calls return the same promise. Spans started afterwards are not recorded.
   */
  shutdown(options: FlushOptions = {}): Promise<void> {
    this.#shutdown ??= this.#close(deadlineMs(options, 10_000));
    return this.#shutdown;
  }

  /**
   * Removes and returns the batches that wait for the built-in exporter, ready to be posted by other means when the
   * process exits without waiting. Includes the batch in flight, which may therefore arrive twice.
   */
  takeUnsent(): UnsentSpans | undefined {
    const handedOver = this.#counters.spansHandedOver;
    const bodies = this.#queue?.takeAll() ?? [];
    if (bodies.length === 0 || this.#exporter === undefined) return undefined;
    return { ...this.#exporter.address, bodies, spans: this.#counters.spansHandedOver - handedOver };
  }

  /**
   * Ends the spans that are still open, children before their parents, because the process exits: sets the
   * attributes `clew.unfinished: true` and `clew.unfinished_reason`. Later calls of their `end()` are ignored.
   *
   * @param reason what ends the process: `exit`, `uncaught exception`, the name of a signal
   */
  endUnfinished(reason: string): void {
    attempt(finishPendingEnds);
    const { lateTraces } = this.#parts;
    if (lateTraces !== undefined) lateTraces.isFailing = CRASHES.has(reason);
    for (const span of this.#openSpans.list()) {
      this.#counters.spansUnfinished++;
      span.endUnfinished(reason);
    }
    lateTraces?.decideAll();
    if (lateTraces !== undefined) lateTraces.isFailing = false;
  }

  /** Returns the current counters. */
  stats(): TracerStats {
    const counters = this.#counters;
    return {
      spansStarted: counters.spansStarted,
      spansSampled: counters.spansSampled,
      spansEnded: counters.spansEnded,
      spansExported: counters.spansExported,
      spansHandedOver: counters.spansHandedOver,
      spansOpen: this.#openSpans.count,
      spansUnfinished: counters.spansUnfinished,
      spansTruncated: counters.spansTruncated,
      dropped: { ...counters.dropped },
      bytesQueued: this.#queue?.bytes ?? 0,
      spansQueued: this.#queue?.spans ?? 0,
      exports: counters.exports,
      retries: counters.retries,
      late: this.#parts.lateTraces?.stats(),
    };
  }

  #otlp(
    given: OtlpExporterOptions | undefined,
    resource: Readonly<Attributes>,
    scope: DetachedScope,
  ): BatchQueue {
    const options = resolveExporterOptions(given);
    const format = options.protocol === 'http/json' ? otlpJson : otlpProtobuf;
    this.#exporter = new OtlpHttpExporter(options, format.contentType, this.#counters);
    return new BatchQueue(format, resource, options, this.#counters, this.#exporter, scope);
  }

  async #flushWithin(timeoutMs: number, lastChance: boolean): Promise<void> {
    const outcome = await withinDeadline(
      Promise.all([this.#queue?.flush(lastChance), this.#processors?.forceFlush()]),
      timeoutMs,
    );
    if (outcome === 'late')
      this.#counters.warn('flush', () => `a flush did not finish within ${timeoutMs} ms`);
  }

  async #close(timeoutMs: number): Promise<void> {
    const startedAt = originals.monotonicNow();
    this.#state.closed = true;
    this.endUnfinished('shutdown');
    const flushed = this.#queue?.flush();
    this.#queue?.close();
    await withinDeadline(
      Promise.all([flushed, this.#processors?.shutdown()]),
      timeoutMs - (originals.monotonicNow() - startedAt),
    );
    this.#queue?.abandon();
  }
}

/** An invalid value must not fail the exit of an application: the default is used instead. */
function deadlineMs(options: FlushOptions, defaultMs: number): number {
  const timeoutMs = attempt(() => options.timeoutMs);
  return typeof timeoutMs === 'number' && timeoutMs >= 0 ? Math.min(timeoutMs, 3_600_000) : defaultMs;
}

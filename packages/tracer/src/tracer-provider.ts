import { finishPendingEnds, originals } from '@clew/core/internal';
import type {
  Tracer as ApiTracer,
  TracerProvider as ApiTracerProvider,
  Attributes,
} from '@opentelemetry/api';
import { BatchQueue } from './batch-queue.ts';
import { Clock } from './clock.ts';
import { withinDeadline } from './deadline.ts';
import { DetachedScope } from './detached-scope.ts';
import { expectMethods } from './expect-option.ts';
import { ExporterBatcher } from './exporter-batcher.ts';
import { type OtlpExporterOptions, resolveExporterOptions } from './exporter-options.ts';
import { attempt, textOf } from './foreign-values.ts';
import { type IdGenerator, isHexId, randomHex } from './ids.ts';
import { resolveLimits, type SpanLimits } from './limits.ts';
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
import { type Gate, Tracer } from './tracer.ts';

/** What a {@link TracerProvider} is made with. */
export interface TracerProviderOptions {
  /** Attributes of this process, over the detected ones; give `service.name`. */
  readonly resource?: Readonly<Attributes>;
  /** Any OpenTelemetry sampler; default `parentBased({ root: alwaysOn() })`. */
  readonly sampler?: Sampler;
  /** The built-in OTLP exporter; `false` for none. */
  readonly exporter?: OtlpExporterOptions | false;
  /** OpenTelemetry span processors, called in this order. */
  readonly spanProcessors?: readonly SpanProcessor[];
  /** OpenTelemetry span exporters; each gets batches of at most 512 sampled spans, and 2048 may wait for it. */
  readonly spanExporters?: readonly SpanExporter[];
  /** What one span may hold. */
  readonly limits?: Partial<SpanLimits>;
  /** Makes ids instead of ours. */
  readonly idGenerator?: IdGenerator;
}

/** How long a flush or shutdown may take. */
export interface FlushOptions {
  /** Milliseconds: [0, 3600000], default 30000 for a flush and 10000 for a shutdown. */
  readonly timeoutMs?: number;
  /** The process ends after this flush: a receiver that can't be reached is not waited for. Default `false`. */
  readonly lastChance?: boolean;
}

const MAX_TRACERS = 1000;

/**
 * An OpenTelemetry `TracerProvider`: records spans, encodes each as it ends and sends them over OTLP.
 * A bad option throws a `TypeError` that names it; nothing throws later.
 */
export class TracerProvider implements ApiTracerProvider {
  readonly #sampler: Sampler;
  readonly #parts: RecorderParts;
  readonly #queue: BatchQueue | undefined;
  #exporter: OtlpHttpExporter | undefined;
  readonly #processors: ProcessorChain | undefined;
  readonly #counters = new Counters();
  readonly #openSpans = new OpenSpans();
  readonly #gate: Gate = { closed: false };
  readonly #tracers = new Map<string, Tracer>();
  #shutdown: Promise<void> | undefined;

  constructor(options: TracerProviderOptions = {}) {
    const { sampler, exporter, spanProcessors = [], spanExporters = [], idGenerator } = options;
    if (sampler !== undefined) expectSampler(sampler, 'sampler');
    for (const [i, one] of spanProcessors.entries())
      expectMethods(one, `spanProcessors[${i}]`, ['onStart', 'onEnd']);
    for (const [i, one] of spanExporters.entries()) expectMethods(one, `spanExporters[${i}]`, ['export']);
    if (idGenerator !== undefined)
      expectMethods(idGenerator, 'idGenerator', ['generateTraceId', 'generateSpanId']);
    this.#sampler = sampler ?? parentBased({ root: alwaysOn() });
    const resource = resourceOf(options.resource);
    const scope = new DetachedScope();
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
      newTraceId: idGenerator && this.#checked(32, () => idGenerator.generateTraceId()),
      newSpanId: idGenerator && this.#checked(16, () => idGenerator.generateSpanId()),
      queue: this.#queue,
      processors: this.#processors,
    };
  }

  /** The tracer of a library; the same one for the same name, version and schema. */
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
      tracer = new Tracer(new Recorder(scope, this.#parts), this.#sampler, this.#gate);
      if (this.#tracers.size < MAX_TRACERS) this.#tracers.set(key, tracer);
    }
    return tracer;
  }

  /** Sends what has ended so far. Never rejects; keeps the process alive until it is done or the time is up. */
  async forceFlush(options: FlushOptions = {}): Promise<void> {
    if (this.#shutdown !== undefined) return;
    attempt(finishPendingEnds);
    const lastChance = attempt(() => options.lastChance) === true;
    await this.#flushWithin(deadlineMs(options, 30_000), lastChance);
  }

  /**
   * Ends what is still open as `endUnfinished` does, flushes, then drops and counts what is left and closes the
   * connection. Never rejects; further calls return the first one's promise. Spans that are started afterwards are not
   * recorded.
   */
  shutdown(options: FlushOptions = {}): Promise<void> {
    this.#shutdown ??= this.#close(deadlineMs(options, 10_000));
    return this.#shutdown;
  }

  /**
   * Hands over what waits for the built-in exporter, ready to be posted by somebody else: for the end of a
   * process, which waits for nothing. The batch under way is among them and may arrive twice.
   */
  takeUnsent(): UnsentSpans | undefined {
    const handedOver = this.#counters.spansHandedOver;
    const bodies = this.#queue?.takeAll() ?? [];
    if (bodies.length === 0 || this.#exporter === undefined) return undefined;
    return { ...this.#exporter.address, bodies, spans: this.#counters.spansHandedOver - handedOver };
  }

  /**
   * Ends the spans that are still open, children before their parents, because the process ends: with the attributes
   * `clew.unfinished: true` and `clew.unfinished_reason`. Later calls of their `end()` do nothing.
   *
   * @param reason what ends the process: `exit`, `uncaught exception`, the name of a signal
   */
  endUnfinished(reason: string): void {
    attempt(finishPendingEnds);
    for (const span of this.#openSpans.list()) {
      this.#counters.spansUnfinished++;
      span.endUnfinished(reason);
    }
  }

  /** What has been counted so far. */
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
    if (outcome === 'late') this.#counters.warn('flush', () => `a flush was not done in ${timeoutMs} ms`);
  }

  async #close(timeoutMs: number): Promise<void> {
    const startedAt = originals.monotonicNow();
    this.#gate.closed = true;
    this.endUnfinished('shutdown');
    const flushed = this.#queue?.flush();
    this.#queue?.close();
    await withinDeadline(
      Promise.all([flushed, this.#processors?.shutdown()]),
      timeoutMs - (originals.monotonicNow() - startedAt),
    );
    this.#queue?.abandon();
  }

  /** A program's generator that throws or makes no id must not break the program: ours makes one then. */
  #checked(digits: 16 | 32, generate: () => string): () => string {
    return () => {
      let got: unknown;
      try {
        got = generate();
      } catch (error) {
        got = error;
      }
      if (isHexId(got, digits)) return got;
      this.#counters.warn(
        'idGenerator',
        () => `expected ${digits} hexadecimal digits from idGenerator, got ${String(got)}`,
      );
      return randomHex(digits);
    };
  }
}

/** A bad value is no reason to fail at the end of a program: the default is taken. */
function deadlineMs(options: FlushOptions, byDefault: number): number {
  const timeoutMs = attempt(() => options.timeoutMs);
  return typeof timeoutMs === 'number' && timeoutMs >= 0 ? Math.min(timeoutMs, 3_600_000) : byDefault;
}

// Structural types for the interfaces of OpenTelemetry's trace SDK that we implement or call, without depending
// on the SDK. https://opentelemetry.io/docs/specs/otel/trace/sdk/
import type {
  Attributes,
  Context,
  HrTime,
  Link,
  Span,
  SpanContext,
  SpanKind,
  SpanStatus,
  TraceState,
} from '@opentelemetry/api';

/** A sampler's decision: 0 not recorded, 1 recorded for processors only, 2 recorded and sampled. */
export type SamplingDecision = 0 | 1 | 2;

/** The result of a {@link Sampler}. */
export interface SamplingResult {
  readonly decision: SamplingDecision;
  /** Added to the span's attributes. */
  readonly attributes?: Readonly<Attributes> | undefined;
  /** Replaces the parent's trace state. */
  readonly traceState?: TraceState | undefined;
}

/** OpenTelemetry's `Sampler`: decides about each span when it starts. */
export interface Sampler {
  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult;
  toString(): string;
}

/** The entity that produces the spans. */
export interface Resource {
  readonly attributes: Attributes;
  readonly schemaUrl?: string;
  readonly asyncAttributesPending?: boolean;
  waitForAsyncAttributes?(): Promise<void>;
  merge(other: Resource | null): Resource;
  getRawAttributes(): [string, unknown][];
}

/** The instrumentation library that produced a span. */
export interface InstrumentationScope {
  readonly name: string;
  readonly version?: string;
  readonly schemaUrl?: string;
}

/** An event with its time. */
export interface TimedEvent {
  readonly time: HrTime;
  readonly name: string;
  readonly attributes?: Attributes;
  readonly droppedAttributesCount?: number;
}

/** A span as processors and exporters see it. */
export interface ReadableSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly spanContext: () => SpanContext;
  readonly parentSpanContext?: SpanContext | undefined;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  readonly links: Link[];
  readonly events: TimedEvent[];
  readonly duration: HrTime;
  readonly ended: boolean;
  readonly resource: Resource;
  readonly instrumentationScope: InstrumentationScope;
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
}

/** OpenTelemetry's `SpanProcessor`: called as spans start and end. */
export interface SpanProcessor {
  onStart(span: Span & ReadableSpan, parentContext: Context): void;
  onEnding?(span: Span & ReadableSpan): void;
  onEnd(span: ReadableSpan): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** The result of an export: code 0 is success, 1 is failure. */
export interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}

/** OpenTelemetry's `SpanExporter`: takes batches of ended, sampled spans. */
export interface SpanExporter {
  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

import type { Attributes, HrTime, Link, SpanContext, SpanKind, SpanStatus } from '@opentelemetry/api';
import { millis, type RecordedSpan, type SpanWatcher, type WatchedSpan } from './recording-span.ts';

/** The part of an SDK's span that is recorded: of `ReadableSpan` in OpenTelemetry's SDK. */
export interface SdkSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  readonly attributes: Attributes;
  readonly status: SpanStatus;
  readonly events: readonly { readonly name: string; readonly attributes?: Attributes }[];
  readonly links: readonly Link[];
  readonly instrumentationScope: { readonly name: string; readonly version?: string };
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly ended: boolean;
  spanContext(): SpanContext;
}

/** What the tracer provider of an SDK must use, so that a recorder sees its spans and decides about sampling. */
export interface SdkHooks {
  /** A `SpanProcessor` of OpenTelemetry's SDK. */
  readonly processor: {
    onStart(span: SdkSpan): void;
    onEnd(span: SdkSpan): void;
    forceFlush(): Promise<void>;
    shutdown(): Promise<void>;
  };
  /** A `Sampler` of OpenTelemetry's SDK. */
  readonly sampler: { shouldSample(): { decision: number }; toString(): string };
}

/** `SamplingDecision` of OpenTelemetry's SDK. */
const DECISIONS = { none: 0, all: 2 };

/** Creates the hooks for the spans of an SDK. */
export function sdkHooks(watcher: SpanWatcher): SdkHooks {
  const watched = new WeakMap<SdkSpan, WatchedSpan>();
  return {
    processor: {
      onStart: (span) => {
        const each = { recorded: () => recorded(span), isRecording: () => !span.ended };
        watched.set(span, each);
        watcher.started(each);
      },
      onEnd: (span) => {
        const each = watched.get(span);
        if (each !== undefined) watcher.ended(each);
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    },
    sampler: {
      shouldSample: () => ({ decision: DECISIONS[watcher.sampling] }),
      toString: () => 'the sampler of a recorder',
    },
  };
}

function recorded(span: SdkSpan): RecordedSpan {
  const { traceId, spanId } = span.spanContext();
  const { name, kind, parentSpanContext: parent, attributes, status, events, links } = span;
  const { name: scope, version } = span.instrumentationScope;
  return {
    ...{ name, kind, traceId, spanId },
    parentSpanId: parent?.spanId,
    parentIsRemote: parent?.isRemote === true,
    attributes: { ...attributes },
    status,
    events: events.map((event) => ({ name: event.name, attributes: { ...event.attributes } })),
    links: [...links],
    scope: { name: scope, version },
    startTimeMs: millis(span.startTime),
    endTimeMs: span.ended ? millis(span.endTime) : millis(undefined),
  };
}

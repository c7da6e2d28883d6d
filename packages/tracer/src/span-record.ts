// Written for speed (benchmarks/tracer-micro.mjs): a span has flat fields, and the objects of `ReadableSpan` are built
// lazily. The plain form stores those objects.
import { KnownSpanContext, type TraceparentWriter, WRITE_TRACEPARENT } from '@clew/core/internal';
import {
  type Attributes,
  type HrTime,
  type Link,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
  type TraceState,
} from '@opentelemetry/api';
import { type FlatAttributes, objectOfFlat } from './attributes.ts';
import { durationBetween, hrTimeAt } from './clock.ts';
import { hexOfWord, type LocalTrace, randomWord, traceparentOf, wordOfHex } from './ids.ts';
import { KEPT } from './late-trace.ts';
import type { Recorder } from './recorder.ts';
import type { InstrumentationScope, Resource, TimedEvent } from './sdk-interfaces.ts';
import type { EncodedAttributes } from './shared-attributes.ts';

/** An event as stored until its span ends. */
export interface FlatEvent {
  readonly name: string;
  /** Monotonic milliseconds, or a time given by the application. */
  readonly time: number | HrTime;
  readonly attributes: FlatAttributes | undefined;
  readonly dropped: number;
}

/** A link as stored until its span ends. */
export interface FlatLink {
  readonly context: SpanContext;
  readonly attributes: FlatAttributes | undefined;
  readonly dropped: number;
}

/** Fields that few spans need, in a separate object that keeps the other spans small. */
export class RareParts {
  /** Times given by the application; they override `startMs` and `endMs`. */
  givenStart: HrTime | undefined = undefined;
  givenEnd: HrTime | undefined = undefined;
  flatLinks: FlatLink[] | undefined = undefined;
  /** Ended by the tracer because the process exits: a later `end()` by the application is not an error. */
  unfinished = false;
  droppedAttributes = 0;
  droppedEvents = 0;
  droppedLinks = 0;
}

const UNSET: SpanStatus = Object.freeze({ code: SpanStatusCode.UNSET });

/**
 * A span's data, stored flat for the encoder. The getters implement `ReadableSpan`; they build their objects
 * lazily, for processors and exporters.
 */
export class SpanRecord implements TraceparentWriter {
  readonly recorder: Recorder;
  readonly localTrace: LocalTrace;
  /** As decided when the span started. */
  readonly startFlags: number;
  readonly startState: TraceState | undefined;
  readonly idHigh: number;
  readonly idLow: number;
  /** The ids of a local recorded parent; a reference to it would keep all ancestors alive. */
  readonly parentHigh: number;
  readonly parentLow: number;
  readonly parentFlags: number;
  /** A parent that was not recorded by this tracer. */
  readonly foreignParent: SpanContext | undefined;
  readonly kind: SpanKind;
  name: string;
  readonly startMs: number;
  endMs = 0;
  ended = false;
  /** The span's index in `OpenSpans` until it ends; -1 otherwise. */
  openSlot = -1;
  /** Attributes shared by reference with other spans; their keys never occur in `flatAttributes`. */
  sharedAttributes: EncodedAttributes | undefined = undefined;
  flatAttributes: FlatAttributes | undefined = undefined;
  flatEvents: FlatEvent[] | undefined = undefined;
  rare: RareParts | undefined = undefined;
  status: SpanStatus = UNSET;
  /** Created lazily. Not `#private`: V8 would make objects of derived classes slower. */
  knownContext: SpanContext | undefined = undefined;

  constructor(
    recorder: Recorder,
    localTrace: LocalTrace,
    traceFlags: number,
    traceState: TraceState | undefined,
    parent: SpanRecord | SpanContext | undefined,
    name: string,
    kind: SpanKind,
    startMs: number,
  ) {
    this.recorder = recorder;
    this.localTrace = localTrace;
    this.startFlags = traceFlags;
    this.startState = traceState;
    this.name = name;
    this.kind = kind;
    this.startMs = startMs;
    const local = parent instanceof SpanRecord;
    this.parentHigh = local ? parent.idHigh : 0;
    this.parentLow = local ? parent.idLow : 0;
    this.parentFlags = local ? parent.traceFlags : 0;
    this.foreignParent = local ? undefined : parent;
    const givenId = recorder.newSpanId?.();
    if (givenId === undefined) {
      this.idHigh = randomWord();
      const low = randomWord();
      this.idLow = (this.idHigh | low) === 0 ? 1 : low;
    } else {
      this.idHigh = wordOfHex(givenId, 0);
      this.idLow = wordOfHex(givenId, 8);
    }
  }

  /** The flags now: a trace that is kept late becomes sampled while its spans are open. */
  get traceFlags(): number {
    const { late } = this.localTrace;
    return late === undefined || late.state !== KEPT ? this.startFlags : this.startFlags | 1;
  }

  get traceState(): TraceState | undefined {
    const { late } = this.localTrace;
    return late === undefined || late.state !== KEPT ? this.startState : late.traceState;
  }

  get hasLocalParent(): boolean {
    return (this.parentHigh | this.parentLow) !== 0;
  }

  spanContext(): SpanContext {
    const { traceFlags } = this;
    if (this.knownContext === undefined || this.knownContext.traceFlags !== traceFlags) {
      const spanId = hexOfWord(this.idHigh) + hexOfWord(this.idLow);
      this.knownContext = new KnownSpanContext(this.localTrace.hex, spanId, traceFlags, this.traceState);
    }
    return this.knownContext;
  }

  [WRITE_TRACEPARENT](): string {
    return traceparentOf(this.localTrace, this.idHigh, this.idLow, this.traceFlags);
  }

  get parentSpanContext(): SpanContext | undefined {
    if (!this.hasLocalParent) return this.foreignParent;
    const spanId = hexOfWord(this.parentHigh) + hexOfWord(this.parentLow);
    return new KnownSpanContext(this.localTrace.hex, spanId, this.parentFlags, this.traceState);
  }

  get startTime(): HrTime {
    return this.rare?.givenStart ?? hrTimeAt(this.localTrace.anchor, this.startMs);
  }

  get endTime(): HrTime {
    if (!this.ended) return [0, 0];
    return this.rare?.givenEnd ?? hrTimeAt(this.localTrace.anchor, this.endMs);
  }

  get duration(): HrTime {
    return this.ended ? durationBetween(this.startTime, this.endTime) : [-1, -1];
  }

  get attributes(): Attributes {
    return { ...objectOfFlat(this.sharedAttributes?.list), ...objectOfFlat(this.flatAttributes) };
  }

  get attributeCount(): number {
    return (this.sharedAttributes?.count ?? 0) + (this.flatAttributes?.length ?? 0) / 2;
  }

  get events(): TimedEvent[] {
    return (this.flatEvents ?? []).map(({ name, time, attributes, dropped }) => ({
      name,
      time: typeof time === 'number' ? hrTimeAt(this.localTrace.anchor, time) : time,
      attributes: objectOfFlat(attributes),
      droppedAttributesCount: dropped,
    }));
  }

  get links(): Link[] {
    return (this.rare?.flatLinks ?? []).map(({ context, attributes, dropped }) => ({
      context,
      attributes: objectOfFlat(attributes),
      droppedAttributesCount: dropped,
    }));
  }

  get droppedAttributesCount(): number {
    return this.rare?.droppedAttributes ?? 0;
  }

  get droppedEventsCount(): number {
    return this.rare?.droppedEvents ?? 0;
  }

  get droppedLinksCount(): number {
    return this.rare?.droppedLinks ?? 0;
  }

  get resource(): Resource {
    return this.recorder.resource;
  }

  get instrumentationScope(): InstrumentationScope {
    return this.recorder.scope;
  }
}

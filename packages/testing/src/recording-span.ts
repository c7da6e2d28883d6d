import {
  type Attributes,
  type AttributeValue,
  type Exception,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
} from '@opentelemetry/api';

/** An ended span, as tests see it. */
export interface RecordedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly parentIsRemote: boolean;
  readonly attributes: Readonly<Attributes>;
  readonly status: SpanStatus;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Attributes> }[];
  readonly links: readonly Link[];
  /** The instrumentation's name and version. */
  readonly scope: { readonly name: string; readonly version: string | undefined };
  /** Milliseconds since 1970. */
  readonly startTimeMs: number;
  readonly endTimeMs: number;
}

/** A span that a recorder watches, of the recorder itself or of an SDK. */
export interface WatchedSpan {
  /** Returns a copy of the span. An open span has the current time as its end. */
  recorded(): RecordedSpan;
  isRecording(): boolean;
}

/** The recorder, as its spans see it. */
export interface SpanWatcher {
  readonly sampling: 'all' | 'none';
  started(span: WatchedSpan): void;
  ended(span: WatchedSpan): void;
  /** Called for each call after the end of a span. */
  misused(misuse: string): void;
  /** Called for each call on an unrecorded span. */
  wasted(): void;
}

/** A span that records all calls. */
export class RecordingSpan implements Span, WatchedSpan {
  readonly #watcher: SpanWatcher;
  readonly #context: SpanContext;
  readonly #fixed: Omit<RecordedSpan, 'name' | 'attributes' | 'status' | 'events' | 'links' | 'endTimeMs'>;
  readonly #attributes: Attributes = {};
  readonly #events: { name: string; attributes: Attributes }[] = [];
  readonly #links: Link[];
  #name: string;
  #status: SpanStatus = { code: SpanStatusCode.UNSET };
  #endTimeMs: number | undefined;

  constructor(
    watcher: SpanWatcher,
    spanContext: SpanContext,
    parent: SpanContext | undefined,
    scope: RecordedSpan['scope'],
    name: string,
    options: SpanOptions,
  ) {
    this.#watcher = watcher;
    this.#context = spanContext;
    this.#name = name;
    this.#links = [...(options.links ?? [])];
    this.#fixed = {
      kind: options.kind ?? SpanKind.INTERNAL,
      traceId: spanContext.traceId,
      spanId: spanContext.spanId,
      parentSpanId: parent?.spanId,
      parentIsRemote: parent?.isRemote === true,
      scope,
      startTimeMs: millis(options.startTime),
    };
    Object.assign(this.#attributes, options.attributes);
  }

  recorded(): RecordedSpan {
    return {
      ...this.#fixed,
      name: this.#name,
      attributes: { ...this.#attributes },
      status: this.#status,
      events: [...this.#events],
      links: [...this.#links],
      endTimeMs: this.#endTimeMs ?? millis(undefined),
    };
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  isRecording(): boolean {
    return this.#endTimeMs === undefined;
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (this.#isOpen('setAttribute', key)) this.#attributes[key] = value;
    return this;
  }

  setAttributes(attributes: Attributes): this {
    if (this.#isOpen('setAttributes')) Object.assign(this.#attributes, attributes);
    return this;
  }

  addEvent(name: string, attributes?: Attributes | TimeInput): this {
    if (!this.#isOpen('addEvent', name)) return this;
    this.#events.push({ name, attributes: isAttributes(attributes) ? { ...attributes } : {} });
    return this;
  }

  addLink(link: Link): this {
    if (this.#isOpen('addLink')) this.#links.push(link);
    return this;
  }

  addLinks(links: Link[]): this {
    if (this.#isOpen('addLinks')) this.#links.push(...links);
    return this;
  }

  setStatus(status: SpanStatus): this {
    if (this.#isOpen('setStatus')) this.#status = { ...status };
    return this;
  }

  updateName(name: string): this {
    if (this.#isOpen('updateName', name)) this.#name = name;
    return this;
  }

  recordException(exception: Exception): void {
    const { name, message } =
      typeof exception === 'string' ? { name: 'Error', message: exception } : exception;
    this.addEvent('exception', { 'exception.type': name ?? 'Error', 'exception.message': message ?? '' });
  }

  end(endTime?: TimeInput): void {
    if (!this.#isOpen('end')) return;
    this.#endTimeMs = millis(endTime);
    this.#watcher.ended(this);
  }

  #isOpen(call: string, what = ''): boolean {
    if (this.#endTimeMs === undefined) return true;
    this.#watcher.misused(`${call}(${what}) after the end of the span "${this.#name}"`);
    return false;
  }
}

/** A span that is not recorded. Its context is propagated, and each call that has a cost is counted. */
export class UnsampledSpan implements Span {
  readonly #context: SpanContext;
  readonly #wasted: () => void;

  constructor(spanContext: SpanContext, wasted: () => void) {
    this.#context = spanContext;
    this.#wasted = wasted;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  isRecording(): boolean {
    return false;
  }

  setAttribute(): this {
    return this.#count();
  }

  setAttributes(): this {
    return this.#count();
  }

  addEvent(): this {
    return this.#count();
  }

  addLink(): this {
    return this.#count();
  }

  addLinks(): this {
    return this.#count();
  }

  setStatus(): this {
    return this.#count();
  }

  updateName(): this {
    return this.#count();
  }

  recordException(): void {
    this.#count();
  }

  end(): void {}

  #count(): this {
    this.#wasted();
    return this;
  }
}

function isAttributes(value: Attributes | TimeInput | undefined): value is Attributes {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
}

/** Milliseconds since 1970; now, if there is no time. */
export function millis(time: TimeInput | undefined): number {
  if (time === undefined) return performance.timeOrigin + performance.now();
  if (Array.isArray(time)) return time[0] * 1e3 + time[1] / 1e6;
  if (typeof time !== 'number') return time.getTime();
  return time < performance.timeOrigin / 2 ? performance.timeOrigin + time : time;
}

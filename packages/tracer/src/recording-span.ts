import { DESCRIBE_LATER, type DescribedLater, NOTE_ROUTE, type RouteObserver } from '@clew/core/internal';
import {
  type Attributes,
  type HrTime,
  type Link,
  type Span,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
} from '@opentelemetry/api';
import { DROPPED, type FlatAttributes, fillFlat, flatOf, listOfOne, setFlat } from './attributes.ts';
import { durationBetween, hrTimeOf, isTimeInput, monotonicNow } from './clock.ts';
import { exceptionAttributes } from './exception-attributes.ts';
import { flatLinkOf } from './flat-link.ts';
import { attempt, textOf } from './foreign-values.ts';
import { FORGOTTEN } from './late-trace.ts';
import { sharedOf } from './shared-attributes.ts';
import { RareParts, SpanRecord } from './span-record.ts';

const UNFINISHED = 'clew.unfinished';
const UNFINISHED_REASON = 'clew.unfinished_reason';

/** The API's `Span` on top of a {@link SpanRecord}. Calls after the end are ignored. */
export class RecordingSpan extends SpanRecord implements Span, RouteObserver, DescribedLater {
  isRecording(): boolean {
    return !this.ended && this.localTrace.late?.state !== FORGOTTEN;
  }

  [NOTE_ROUTE](route: string): void {
    this.localTrace.late?.noteRoute(route);
  }

  /** Processors may read the span before the decision, so it is described at once if there are any. */
  [DESCRIBE_LATER](describe: () => Attributes): boolean {
    const { late } = this.localTrace;
    if (late === undefined || this.recorder.processors !== undefined) return false;
    return late.describeLater(this, describe);
  }

  setAttribute(key: string, value: unknown): this {
    if (this.ended) return this.#afterEnd('setAttribute');
    this.#set(key, value);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    if (this.ended) return this.#afterEnd('setAttributes');
    this.addAttributes(attributes);
    return this;
  }

  /** Sets a start time given by the application. */
  startAt(time: HrTime | undefined): void {
    if (time !== undefined) this.#rareParts.givenStart = time;
  }

  /** Sets the attributes that the span is started with. */
  startWith(attributes: Readonly<Attributes> | undefined): void {
    if (typeof attributes !== 'object' || attributes === null) return;
    const { limits } = this.recorder;
    this.sharedAttributes = sharedOf(attributes, limits);
    if (this.sharedAttributes !== undefined) return;
    const list: FlatAttributes = [];
    this.flatAttributes = list;
    this.#dropAttributes(fillFlat(list, attributes, limits.attributeCount, limits.attributeValueLength));
  }

  /** Like `setAttributes`, without checking whether the span has ended. */
  addAttributes(attributes: Readonly<Attributes> | undefined): void {
    if (typeof attributes !== 'object' || attributes === null) return;
    try {
      if (this.sharedAttributes === undefined && this.#share(attributes)) return;
      this.#addEach(attributes);
    } catch {
      // A proxy or getter of the application threw.
      this.#dropAttributes(1);
    }
  }

  /** Stores the attributes by reference if they are shareable and none of their keys is already set. */
  #share(attributes: Readonly<Attributes>): boolean {
    const { limits } = this.recorder;
    const shared = sharedOf(attributes, limits);
    if (shared === undefined) return false;
    const own = this.flatAttributes;
    if (own !== undefined) {
      if (own.length / 2 + shared.count > limits.attributeCount) return false;
      for (let at = 0; at < own.length; at += 2) if (shared.has(own[at] as string)) return false;
    }
    this.sharedAttributes = shared;
    return true;
  }

  #addEach(attributes: Readonly<Attributes>): void {
    const shared = this.sharedAttributes;
    if (this.flatAttributes === undefined && (shared === undefined || !shared.hasAnyOf(attributes))) {
      const { attributeCount, attributeValueLength } = this.recorder.limits;
      const room = attributeCount - (shared?.count ?? 0);
      const { list, dropped } = flatOf(attributes, room, attributeValueLength);
      this.flatAttributes = list;
      this.#dropAttributes(dropped);
      return;
    }
    for (const key of Object.keys(attributes)) this.#set(key, attributes[key]);
  }

  #set(key: string, value: unknown): void {
    if (value !== undefined && this.sharedAttributes?.has(key)) this.#unshare();
    const { attributeCount, attributeValueLength } = this.recorder.limits;
    const room = attributeCount - (this.sharedAttributes?.count ?? 0);
    if (this.flatAttributes === undefined) {
      this.flatAttributes = listOfOne(key, value, room, attributeValueLength);
      if (this.flatAttributes.length > 0) return;
    }
    const outcome = setFlat(this.flatAttributes, key, value, room, attributeValueLength);
    if (outcome === DROPPED) this.#dropAttributes(1);
  }

  #dropAttributes(count: number): void {
    if (count > 0) this.#rareParts.droppedAttributes += count;
  }

  /** Copies the shared attributes into this span, before one of them changes. */
  #unshare(): void {
    this.flatAttributes = [...(this.sharedAttributes?.list ?? []), ...(this.flatAttributes ?? [])];
    this.sharedAttributes = undefined;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.ended) return this.#afterEnd('addEvent');
    const onlyTime = isTimeInput(attributesOrTime);
    const attributes = onlyTime ? undefined : attributesOrTime;
    const { attributesPerEvent, attributeValueLength } = this.recorder.limits;
    let list: FlatAttributes | undefined;
    let dropped = 0;
    if (typeof attributes === 'object' && attributes !== null)
      ({ list, dropped } = flatOf(attributes, attributesPerEvent, attributeValueLength));
    this.#pushEvent(name, list, dropped, time ?? (onlyTime ? attributesOrTime : undefined));
    return this;
  }

  recordException(exception: unknown, time?: TimeInput): void {
    if (this.ended) {
      this.#afterEnd('recordException');
      return;
    }
    const list = exceptionAttributes(exception, this.recorder.limits.attributeValueLength);
    if (list.length > 0) this.#pushEvent('exception', list, 0, time);
  }

  addLink(link: Link): this {
    if (this.ended) return this.#afterEnd('addLink');
    const { limits } = this.recorder;
    const flat = attempt(() => flatLinkOf(link, limits));
    if (flat === undefined) return this;
    const rare = this.#rareParts;
    const { linkCount } = limits;
    if (linkCount === 0) {
      rare.droppedLinks++;
      return this;
    }
    rare.flatLinks ??= [];
    if (rare.flatLinks.length >= linkCount) {
      rare.flatLinks.shift();
      rare.droppedLinks++;
    }
    rare.flatLinks.push(flat);
    return this;
  }

  addLinks(links: Link[]): this {
    if (this.ended) return this.#afterEnd('addLinks');
    attempt(() => {
      if (Array.isArray(links)) for (const link of links) this.addLink(link);
    });
    return this;
  }

  setStatus(status: SpanStatus): this {
    if (this.ended) return this.#afterEnd('setStatus');
    if (this.status.code === SpanStatusCode.OK) return this;
    attempt(() => {
      const code = status?.code;
      if (code === SpanStatusCode.OK) this.status = { code };
      else if (code === SpanStatusCode.ERROR) {
        const { message } = status;
        this.status = typeof message === 'string' ? { code, message } : { code };
      }
    });
    return this;
  }

  updateName(name: string): this {
    if (this.ended) return this.#afterEnd('updateName');
    this.name = textOf(name);
    return this;
  }

  end(endTime?: TimeInput): void {
    // Not `ended`: a processor's onEnding may call end() before that is true.
    if (this.endMs !== 0) {
      this.#afterEnd('end');
      return;
    }
    const now = monotonicNow();
    this.endMs = Math.max(now, this.startMs);
    if (endTime !== undefined || this.rare?.givenStart !== undefined) this.#endAt(endTime, now);
    this.recorder.end(this);
  }

  /**
   * Ends the span because the process exits, and adds the reason. These two attributes are set regardless of
   * limits.
   */
  endUnfinished(reason: string): void {
    this.#rareParts.unfinished = true;
    this.flatAttributes ??= [];
    setFlat(this.flatAttributes, UNFINISHED, true, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    setFlat(
      this.flatAttributes,
      UNFINISHED_REASON,
      reason,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    );
    this.end();
  }

  /** Called by the recorder after encoding: frees the content, however long the application keeps the span. */
  release(): void {
    this.sharedAttributes = undefined;
    this.flatAttributes = undefined;
    this.flatEvents = undefined;
    if (this.rare !== undefined) this.rare.flatLinks = undefined;
  }

  /** If either time came from the application, both are compared as wall-clock time. */
  #endAt(endTime: TimeInput | undefined, now: number): void {
    const { anchor } = this.localTrace;
    const start = this.startTime;
    const end = hrTimeOf(endTime, anchor, now) ?? (hrTimeOf(now, anchor, now) as HrTime);
    const [seconds, nanos] = durationBetween(start, end);
    this.#rareParts.givenEnd = seconds === 0 && nanos === 0 ? start : end;
  }

  #pushEvent(
    name: string,
    attributes: FlatAttributes | undefined,
    dropped: number,
    time: TimeInput | undefined,
  ): void {
    const { eventCount } = this.recorder.limits;
    if (eventCount === 0) {
      this.#rareParts.droppedEvents++;
      return;
    }
    const now = monotonicNow();
    const given = time === undefined ? undefined : hrTimeOf(time, this.localTrace.anchor, now);
    const event = { name: textOf(name), time: given ?? now, attributes, dropped };
    // Built as a literal: most spans have one event, and pushing to an empty array allocates space for sixteen.
    if (this.flatEvents === undefined) {
      this.flatEvents = [event];
      return;
    }
    if (this.flatEvents.length >= eventCount) {
      this.flatEvents.shift();
      this.#rareParts.droppedEvents++;
    }
    this.flatEvents.push(event);
  }

  get #rareParts(): RareParts {
    this.rare ??= new RareParts();
    return this.rare;
  }

  #afterEnd(operation: string): this {
    this.recorder.reportCallAfterEnd(operation, this);
    return this;
  }
}

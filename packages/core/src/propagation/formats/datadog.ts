import type { TextMapGetter } from '@opentelemetry/api';
import { countDropped } from '../dropped.ts';
import { type Extraction, joined, type SamplingHint, single, type TraceFormat } from '../format.ts';
import { type DatadogMember, parseMember, parseTags, serializeMember, tagsHeader } from './datadog-member.ts';
import { isDebug } from './debug-mark.ts';
import { decimalOfHex, hexOfDecimal } from './decimal-id.ts';
import { spanIdOf } from './ids.ts';
import { remoteParent, startOf } from './remote-parent.ts';
import { emptyTraceState } from './w3c-trace-state.ts';

const NAME = 'datadog';
const TRACE_ID = 'x-datadog-trace-id';
const PARENT_ID = 'x-datadog-parent-id';
const PRIORITY = 'x-datadog-sampling-priority';
const ORIGIN = 'x-datadog-origin';
const TAGS = 'x-datadog-tags';

const MEMBER = 'dd';
const USER_KEEP = 2;
/** The limit of the tracestate member that carries the origin. */
const MAX_ORIGIN_CHARS = 256;
const NO_ID = '0000000000000000';

/**
 * Datadog's headers: decimal ids of 64 bits, the upper half of a longer trace id in the tag `_dd.p.tid`.
 * Priority, origin and tags are kept in the tracestate member `dd`, as Datadog's tracers write it.
 * Source: https://docs.datadoghq.com/tracing/trace_collection/trace_context_propagation/
 */
export const datadog: TraceFormat = {
  name: NAME,
  fields: [TRACE_ID, PARENT_ID, PRIORITY, ORIGIN, TAGS],

  extract(carrier, getter) {
    const header = getter.get(carrier, TRACE_ID);
    const priority = priorityOf(getter.get(carrier, PRIORITY));
    if (header === undefined) return startOf(undefined, hintOf(priority));
    const low = hexOfDecimal(single(header));
    if (low !== undefined && low !== NO_ID) return readIds(low, priority, carrier, getter);
    countDropped(NAME, 'malformed x-datadog-trace-id');
    return undefined;
  },

  inject({ spanContext }, carrier, setter) {
    const { traceId, spanId, traceFlags, traceState } = spanContext;
    const high = traceId.slice(0, 16);
    setter.set(carrier, TRACE_ID, decimalOfHex(traceId.slice(16)));
    setter.set(carrier, PARENT_ID, decimalOfHex(spanId));
    const text = traceState?.get(MEMBER);
    const member: DatadogMember = text === undefined ? {} : parseMember(text);
    const sampled = (traceFlags & 1) === 1;
    const priority = isDebug(spanContext) ? USER_KEEP : agreed(member.priority, sampled);
    setter.set(carrier, PRIORITY, String(priority));
    if (member.origin) setter.set(carrier, ORIGIN, member.origin);
    const tags = tagsHeader(high === NO_ID ? undefined : high, member.tags);
    if (tags !== '') setter.set(carrier, TAGS, tags);
  },
};

function readIds<C>(
  low: string,
  priority: number | undefined,
  carrier: C,
  getter: TextMapGetter<C>,
): Extraction | undefined {
  const list = joined(getter.get(carrier, TAGS));
  const tags = list === undefined ? undefined : parseTags(list);
  const traceId = (spanIdOf(tags?.tid) ?? NO_ID) + low;
  const state = serializeMember({
    priority,
    origin: originOf(getter.get(carrier, ORIGIN)),
    tags: tags?.others,
  });
  const traceState = state === '' ? undefined : emptyTraceState.set(MEMBER, state);
  const spanId = hexOfDecimal(single(getter.get(carrier, PARENT_ID)));
  // Datadog's synthetic tests start a trace with a trace id but no parent.
  if (spanId === NO_ID) return startOf(traceId, hintOf(priority), traceState);
  if (spanId !== undefined) return remoteParent(traceId, spanId, hintOf(priority), traceState);
  countDropped(NAME, 'malformed x-datadog-parent-id');
  return undefined;
}

function originOf(header: string | string[] | undefined): string | undefined {
  const text = single(header);
  if (text === undefined || text.length <= MAX_ORIGIN_CHARS) return text;
  countDropped(NAME, 'x-datadog-origin beyond 256 characters');
  return undefined;
}

function priorityOf(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const text = single(header);
  if (text !== undefined && /^-?\d{1,3}$/.test(text)) return Number(text);
  countDropped(NAME, 'malformed x-datadog-sampling-priority');
  return undefined;
}

function hintOf(priority: number | undefined): SamplingHint | undefined {
  if (priority === undefined) return undefined;
  if (priority <= 0) return 'drop';
  return priority < USER_KEEP ? 'sample' : 'force';
}

/** The received priority, unless a later sampling decision differs. */
function agreed(priority: number | undefined, sampled: boolean): number {
  return priority !== undefined && priority > 0 === sampled ? priority : Number(sampled);
}

import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api';
import { countDropped } from '../dropped.ts';
import { type Extraction, type Outgoing, type SamplingHint, single } from '../format.ts';
import { isDebug } from './debug-mark.ts';
import { shortTraceId, spanIdOf, traceIdOf } from './ids.ts';
import { remoteParent, startOf } from './remote-parent.ts';

const TRACE_ID = 'x-b3-traceid';
const SPAN_ID = 'x-b3-spanid';
const SAMPLED = 'x-b3-sampled';
const FLAGS = 'x-b3-flags';
/** The parent's parent, which is neither read nor written. */
const PARENT_ID = 'x-b3-parentspanid';

/** All headers of the encoding. */
export const B3_HEADERS = [TRACE_ID, SPAN_ID, SAMPLED, FLAGS, PARENT_ID];

/** Reads ids and decision, or a decision without ids. */
export function readB3Headers<C>(carrier: C, getter: TextMapGetter<C>): Extraction | undefined {
  const trace = getter.get(carrier, TRACE_ID);
  const decision = decisionOf(getter.get(carrier, SAMPLED), getter.get(carrier, FLAGS));
  if (trace === undefined) return decision === undefined ? undefined : startOf(undefined, decision);
  const traceId = traceIdOf(single(trace));
  const spanId = spanIdOf(single(getter.get(carrier, SPAN_ID)));
  if (traceId !== undefined && spanId !== undefined) return remoteParent(traceId, spanId, decision);
  countDropped('b3multi', 'malformed ids');
  return undefined;
}

/** Writes the headers; a debug trace has the debug flag instead of the decision. */
export function writeB3Headers<C>({ spanContext }: Outgoing, carrier: C, setter: TextMapSetter<C>): void {
  setter.set(carrier, TRACE_ID, shortTraceId(spanContext.traceId));
  setter.set(carrier, SPAN_ID, spanContext.spanId);
  if (isDebug(spanContext)) setter.set(carrier, FLAGS, '1');
  else setter.set(carrier, SAMPLED, String(spanContext.traceFlags & 1));
}

/** Older peers write the decision as a word. */
function decisionOf(
  sampled: string | string[] | undefined,
  flags: string | string[] | undefined,
): SamplingHint | undefined {
  if (flags !== undefined && single(flags) === '1') return 'force';
  if (sampled === undefined) return undefined;
  const text = single(sampled);
  if (text === '1' || text === 'true') return 'sample';
  if (text === '0' || text === 'false') return 'drop';
  countDropped('b3multi', 'malformed x-b3-sampled');
  return undefined;
}

import { type Incoming, incomingOf } from '@clew/core/internal';
import { type Context, type SpanOptions, trace } from '@opentelemetry/api';
import type { LocalTrace } from './ids.ts';
import type { Sampler, SamplingResult } from './sdk-interfaces.ts';
import { type Counters, describe } from './stats.ts';

const NOT_RECORDED: SamplingResult = { decision: 0 };

/**
 * The trace flags that decide about a span. A caller that sends no parent may still send a sampling hint, which is treated
 * like a remote parent's sampled flag. A parent without a decision counts as no parent: -1.
 */
export function decisiveFlags(incoming: Incoming | undefined, parentFlags: number): number {
  if (incoming === undefined) return parentFlags;
  const { samplingHint, undecided } = incoming;
  if (undecided === true) return -1;
  if (samplingHint === undefined) return parentFlags;
  return samplingHint === 'drop' ? 0 : 1;
}

/** Calls an OpenTelemetry sampler. If it throws, the span is not recorded. */
export function callSampler(
  sampler: Sampler,
  counters: Counters,
  name: string,
  options: SpanOptions,
  context: Context,
  localTrace: LocalTrace,
): SamplingResult {
  const { kind = 0, attributes = {}, links = [] } = options;
  const isRoot = options.root === true || incomingOf(context)?.undecided === true;
  const parentContext = isRoot ? trace.deleteSpan(context) : context;
  try {
    return sampler.shouldSample(parentContext, localTrace.hex, name, kind, attributes, links);
  } catch (error) {
    counters.warn('sampler', () => `the sampler threw, the span is not recorded: ${describe(error)}`);
    return NOT_RECORDED;
  }
}

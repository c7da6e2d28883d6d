import type { Attributes, Histogram, Meter } from '@opentelemetry/api';
import { perObject } from '../kit/per-object.ts';
import { ATTR } from '../semconv.ts';
import type { CallOutcome } from './client-call.ts';
import type { GenAiUsage } from './gen-ai-request.ts';

/** The instruments of one meter. Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/ */
export interface GenAiMetrics {
  readonly duration: Histogram;
  readonly firstChunk: Histogram;
  readonly tokens: Histogram;
}

/** The buckets that the conventions prescribe. */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const TOKENS = Array.from({ length: 14 }, (_, power) => 4 ** power);

/** Creates the instruments of a meter once. */
export const genAiMetricsOf = perObject(
  (meter: Meter): GenAiMetrics => ({
    duration: meter.createHistogram('gen_ai.client.operation.duration', {
      description: 'GenAI operation duration.',
      unit: 's',
      advice: { explicitBucketBoundaries: SECONDS },
    }),
    firstChunk: meter.createHistogram('gen_ai.client.operation.time_to_first_chunk', {
      description: 'Time to receive the first chunk.',
      unit: 's',
      advice: { explicitBucketBoundaries: SECONDS },
    }),
    tokens: meter.createHistogram('gen_ai.client.token.usage', {
      description: 'Number of input and output tokens used.',
      unit: '{token}',
      advice: { explicitBucketBoundaries: TOKENS },
    }),
  }),
);

/** Records the metrics of a call. */
export function recordCall(
  { duration, firstChunk, tokens }: GenAiMetrics,
  outcome: CallOutcome,
  attributes: Attributes,
  { inputTokens, outputTokens }: GenAiUsage,
): void {
  const { durationMs, firstChunkMs, errorType, context } = outcome;
  const failed = errorType === undefined ? attributes : { ...attributes, [ATTR.errorType]: errorType };
  duration.record(durationMs / 1000, failed, context);
  if (firstChunkMs !== undefined) firstChunk.record(firstChunkMs / 1000, attributes, context);
  for (const [type, count] of [
    ['input', inputTokens],
    ['output', outputTokens],
  ] as const) {
    if (typeof count === 'number')
      tokens.record(count, { ...attributes, [ATTR.genAiTokenType]: type }, context);
  }
}

import type { Attributes, SpanRecord } from '../span-record.ts';
import { valueText } from '../span-text.ts';

/** More would hide the rest of a header. */
const MAX_REASONS = 3;

/**
 * Why the services of a trace sampled it, as their local roots state it: `policy checkout (kept: error)`. Each reason
 * once, at most three. Not yet printable.
 */
export function sampledBy(spans: readonly SpanRecord[]): string[] {
  const reasons = new Set<string>();
  for (const { attributes } of spans) {
    const reason = reasonIn(attributes);
    if (reason !== undefined) reasons.add(reason);
    if (reasons.size === MAX_REASONS) break;
  }
  return [...reasons];
}

function reasonIn(attributes: Attributes): string | undefined {
  const policy = attributes['clew.sampling.policy'];
  const kept = attributes['clew.sampling.kept'];
  if (policy !== undefined)
    return `policy ${valueText(policy)}${kept === undefined ? '' : ` (kept: ${valueText(kept)})`}`;
  if (kept !== undefined)
    return kept === 'requested' ? 'request of the caller' : `the default (kept: ${valueText(kept)})`;
  return jaegerReason(attributes);
}

/** The attributes of Jaeger's remote samplers. */
function jaegerReason(attributes: Attributes): string | undefined {
  const param = attributes['sampler.param'];
  if (param === undefined) return undefined;
  switch (attributes['sampler.type']) {
    case 'probabilistic':
      return `a probability of ${valueText(param)}`;
    case 'lowerbound':
      return 'a lower bound';
    case 'ratelimiting':
      return `a rate limit of ${valueText(param)}/s`;
    default:
      return undefined;
  }
}

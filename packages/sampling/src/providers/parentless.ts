import { trace } from '@opentelemetry/api';
import type { Facts, Verdict } from '../decider.ts';

/** Whether the trace starts here. Jaeger's strategies and X-Ray's rules decide no other traces. */
export function isParentless({ origin, context }: Facts): boolean {
  if (origin === 'root') return true;
  // A signature or a debug flag may come without a parent.
  return (origin === 'debug' || origin === 'signed') && trace.getSpanContext(context) === undefined;
}

/** The decision not to sample. */
export const DROPPED: Verdict = { sampled: false, threshold: undefined, attributes: undefined };

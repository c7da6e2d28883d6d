import type { Row } from './trace-layout.ts';
import { childrenOf } from './trace-rows.ts';

/** A message's way through a queue, as parts of one line: publish → wait → handle → reply. */
export interface LanePart {
  readonly stage: 'publish' | 'wait' | 'handle' | 'reply';
  readonly startNs: number;
  readonly endNs: number;
}

/**
 * The stages of a message that this row sent and a child of it received: published, waiting in the queue, being handled,
 * and for RPC on the way back. Undefined for other spans. Where several received it, the first counts.
 */
export function messageLane(index: number, rows: readonly Row[], ends: Int32Array): LanePart[] | undefined {
  const sender = rows[index]!;
  const isCall = sender.span.kind === 'CLIENT';
  if (!(sender.span.kind === 'PRODUCER' || (isCall && 'messaging.system' in sender.span.attributes)))
    return undefined;
  for (const child of childrenOf(index, ends)) {
    const receiver = rows[child]!;
    if (receiver.span.kind !== (isCall ? 'SERVER' : 'CONSUMER') && receiver.span.kind !== 'CONSUMER')
      continue;
    return isCall ? callStages(sender, receiver) : messageStages(sender, receiver);
  }
  return undefined;
}

function callStages(sender: Row, receiver: Row): LanePart[] {
  const received = receiver.startNs;
  const handled = received + receiver.durationNs;
  return withoutEmpty([
    { stage: 'wait', startNs: sender.startNs, endNs: received },
    { stage: 'handle', startNs: received, endNs: handled },
    { stage: 'reply', startNs: handled, endNs: sender.startNs + sender.durationNs },
  ]);
}

function messageStages(sender: Row, receiver: Row): LanePart[] {
  const published = Math.min(sender.startNs + sender.durationNs, receiver.startNs);
  return withoutEmpty([
    { stage: 'publish', startNs: sender.startNs, endNs: published },
    { stage: 'wait', startNs: published, endNs: receiver.startNs },
    { stage: 'handle', startNs: receiver.startNs, endNs: receiver.startNs + receiver.durationNs },
  ]);
}

function withoutEmpty(parts: readonly LanePart[]): LanePart[] {
  return parts.filter(({ startNs, endNs }) => endNs > startNs);
}

import { context } from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import { guard } from '../kit/failures.ts';
import { clearTimeout, setTimeout } from '../kit/originals.ts';
import type { RpcCorrelation } from './rpc.ts';

/** The longest delay of a timer in Node. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The timeouts of a caller: in total, and without any reply. Their timers do not keep the process alive. */
export class Deadline {
  readonly #total: NodeJS.Timeout | undefined;
  readonly #silence: NodeJS.Timeout | undefined;

  constructor(total: NodeJS.Timeout | undefined, silence: NodeJS.Timeout | undefined) {
    this.#total = total;
    this.#silence = silence;
  }

  /** A reply was received, and others follow. */
  onReply(): void {
    this.#silence?.refresh();
  }

  stop(): void {
    clearTimeout(this.#total);
    clearTimeout(this.#silence);
  }
}

/** Starts the deadline in a request; `undefined` if it has none. */
export function startDeadline(
  { timeoutMs, silenceTimeoutMs }: RpcCorrelation,
  expire: (ms: number) => void,
): Deadline | undefined {
  // Timers keep the context that they are started in.
  return context.with(rootContext, () => {
    const [total, silence] = [startTimer(timeoutMs, expire), startTimer(silenceTimeoutMs, expire)];
    return total === undefined && silence === undefined ? undefined : new Deadline(total, silence);
  });
}

function startTimer(ms: number | undefined, expire: (ms: number) => void): NodeJS.Timeout | undefined {
  if (ms === undefined || !(ms > 0 && ms <= MAX_DELAY_MS)) return undefined;
  return setTimeout(() => guard('the deadline of a call', () => expire(ms)), ms).unref();
}

import { type OptionsOf, option, type Tools } from '@clew/core/plugin';

const MINUTE_MS = 60_000;
const MAX_RESERVE_MS = 10_000;

export const options = {
  /** Which callers are trusted, by HTTP path, queue, topic or name of the function; default: the propagation defaults. */
  trust: option.trust(),
  /** Whether spans are exported before each response. */
  flush: option.boolean(true),
  /** Maximum duration of this export in milliseconds, never longer than the function may run. */
  flushTimeoutMs: option.number(0, MINUTE_MS, 1000),
  /** How many milliseconds before the function times out its open spans are ended and exported; 0 never. */
  timeoutReserveMs: option.number(0, MAX_RESERVE_MS, 500),
} as const;

export type LambdaOptions = OptionsOf<typeof options>;
export type LambdaTools = Tools<LambdaOptions>;

/** Shared by all copies of this package in the process. */
const NEEDED = Symbol.for('clew.host-at-start');
const shared = globalThis as { [NEEDED]?: { isNeeded: boolean } };
shared[NEEDED] ??= { isNeeded: false };
/** Looked up once, because reading a property of the global object is slow. */
const holder = shared[NEEDED];

/**
 * From now on, the SERVER span of a request has `server.address` when it starts, and not only if it is sampled. Called by
 * samplers whose rules name the host, so that the requests of others don't pay for it.
 */
export function needHostAtStart(): void {
  holder.isNeeded = true;
}

/** Whether a sampler has called {@link needHostAtStart}. */
export function isHostNeededAtStart(): boolean {
  return holder.isNeeded;
}

/** The space for context in a request, which must not be refused because of what is added to it. */
export class Room {
  #bytes: number;

  /**
   * `limits` are the sizes, in ascending order, of which one may be the limit of this request: AWS has raised most of
   * them, and owners of queues choose lower ones. A request that is below one of them without context stays below it.
   */
  constructor(limits: readonly number[], usedBytes: number) {
    const limit = limits.find((each) => usedBytes <= each);
    this.#bytes = limit === undefined ? 0 : limit - usedBytes;
  }

  /** Takes bytes from all of the rooms; returns `false`, and takes nothing, if one of them has too few. */
  static take(rooms: readonly Room[], bytes: number): boolean {
    if (rooms.some((room) => room.#bytes < bytes)) return false;
    for (const room of rooms) room.#bytes -= bytes;
    return true;
  }
}

/** Limits of messages and events, now and in the past. */
export const MESSAGE_LIMITS = [262_144, 1_048_576] as const;

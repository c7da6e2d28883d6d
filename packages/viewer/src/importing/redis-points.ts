import { loadClient } from './optional-package.ts';
import type { StoredPoint } from './point-pairs.ts';
import { PART, type PointStorage, parsePoint, type StorageQuery } from './point-storage.ts';

/** The key of a list with the points of one trace, the newest first. */
const LIST = 'osprofiler_opt:';
/** Before OSProfiler 2.8, each point had a key of its own. */
const LEGACY = 'osprofiler:';
const KEYS_IN_SCAN = 1000;
/** A follower looks at so many keys at a time. */
const SCANS_IN_TURN = 10;
const MAX_TRACES = 100_000;

/** What is used of the package redis, in all versions since 4. */
interface Client {
  connect(): Promise<unknown>;
  sendCommand(command: readonly string[]): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  destroy?(): unknown;
  disconnect?(): unknown;
}

interface Redis {
  createClient(options: object): Client;
}

/** Connects to the Redis to which OSProfiler's driver writes. Rejects if the connection fails. */
export async function openRedis(url: URL, query: StorageQuery): Promise<PointStorage> {
  const { createClient } = loadClient('redis', 'redis') as Redis;
  const client = createClient({
    url: url.href,
    socket: { reconnectStrategy: false, connectTimeout: 5000 },
  });
  // Commands reject as well.
  client.on('error', () => {});
  await client.connect();
  return new RedisPoints(client, query);
}

class RedisPoints implements PointStorage {
  readonly #client: Client;
  readonly #query: StorageQuery;
  /** How many points of each list have been read. */
  readonly #read = new Map<string, number>();
  #isFirst = true;
  #cursor = '0';
  /** The lists found since the scan was at its start. */
  #found = new Set<string>();

  constructor(client: Client, query: StorageQuery) {
    this.#client = client;
    this.#query = query;
  }

  async *points(): AsyncGenerator<StoredPoint[]> {
    const { baseIds } = this.#query;
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (baseIds.length > 0) {
      for (const id of baseIds) {
        if (isFirst) yield* this.#legacyPoints(`${LEGACY}${escaped(id)}*`, new Set(baseIds));
        yield* this.#listPoints(LIST + id);
      }
    } else if (isFirst) yield* this.#newestTraces();
    else for (const key of await this.#grownLists()) yield* this.#listPoints(key);
  }

  async close(): Promise<void> {
    await (this.#client.destroy ?? this.#client.disconnect)?.call(this.#client);
  }

  /** New points are pushed to the head, so that positions from the tail stay the same. */
  async *#listPoints(key: string): AsyncGenerator<StoredPoint[]> {
    for (;;) {
      const read = this.#read.get(key) ?? 0;
      const texts = await this.#texts(['LRANGE', key, `${-(read + PART)}`, `${-(read + 1)}`]);
      if (texts.length === 0) return;
      this.#read.set(key, read + texts.length);
      yield texts.reverse().map(stored);
    }
  }

  async *#legacyPoints(pattern: string, baseIds: ReadonlySet<string>): AsyncGenerator<StoredPoint[]> {
    for await (const keys of this.#scan(pattern)) {
      const points = (await this.#texts(['MGET', ...keys])).map(stored);
      yield points.filter(({ point }) => point === undefined || baseIds.has(point.base_id));
    }
  }

  async *#newestTraces(): AsyncGenerator<StoredPoint[]> {
    const { last, follow } = this.#query;
    /** The times of the newest points, by trace; '' if that is malformed. */
    let times = new Map<string, string>();
    let hasLegacy = false;
    for await (const keys of this.#scan('osprofiler*')) {
      const lists = keys.filter((key) => key.startsWith(LIST));
      const heads = await Promise.all(lists.map((key) => this.#text(['LINDEX', key, '0'])));
      if (follow) await this.#remember(lists);
      for (const [index, key] of lists.entries())
        if (heads[index] !== undefined)
          times.set(key.slice(LIST.length), parsePoint(heads[index])?.timestamp ?? '');
      const legacy = keys.filter((key) => key.startsWith(LEGACY));
      hasLegacy ||= legacy.length > 0;
      for (const text of legacy.length > 0 ? await this.#texts(['MGET', ...legacy]) : []) {
        const point = parsePoint(text);
        if (point !== undefined && (times.get(point.base_id) ?? '') < point.timestamp)
          times.set(point.base_id, point.timestamp);
      }
      if (times.size > 2 * last + KEYS_IN_SCAN) times = latest(times, last);
    }
    const baseIds = new Set(latest(times, last).keys());
    if (hasLegacy) yield* this.#legacyPoints(`${LEGACY}*`, baseIds);
    for (const id of [...baseIds].reverse()) {
      this.#read.delete(LIST + id);
      yield* this.#listPoints(LIST + id);
    }
  }

  /** Only points written from now on are read from these lists. */
  async #remember(lists: readonly string[]): Promise<void> {
    const lengths = await this.#lengths(lists);
    for (const [index, key] of lists.entries())
      if (!this.#read.has(key)) this.#read.set(key, lengths[index]!);
    this.#checkSize();
  }

  async #grownLists(): Promise<string[]> {
    const grown: string[] = [];
    for (let turn = 0; turn < SCANS_IN_TURN; turn++) {
      const [cursor, keys] = await this.#scanOnce(this.#cursor, `${LIST}*`);
      const lengths = await this.#lengths(keys);
      for (const [index, key] of keys.entries()) {
        const length = lengths[index]!;
        const read = this.#read.get(key) ?? 0;
        this.#found.add(key);
        // A list that has been removed and written anew is shorter.
        if (length < read || !this.#read.has(key)) this.#read.set(key, 0);
        if (length !== read) grown.push(key);
      }
      this.#checkSize();
      this.#cursor = cursor;
      if (cursor === '0') {
        for (const key of this.#read.keys()) if (!this.#found.has(key)) this.#read.delete(key);
        this.#found = new Set();
        break;
      }
    }
    return [...new Set(grown)];
  }

  #checkSize(): void {
    if (this.#read.size > MAX_TRACES)
      throw new Error(`more than ${MAX_TRACES} traces can't be followed: give the base id of one`);
  }

  #lengths(keys: readonly string[]): Promise<number[]> {
    return Promise.all(keys.map(async (key) => Number((await this.#ask(['LLEN', key])) ?? 0)));
  }

  async *#scan(pattern: string): AsyncGenerator<string[]> {
    let cursor = '0';
    do {
      const [next, keys] = await this.#scanOnce(cursor, pattern);
      cursor = next;
      if (keys.length > 0) yield keys;
    } while (cursor !== '0');
  }

  async #scanOnce(cursor: string, pattern: string): Promise<[string, string[]]> {
    const command = ['SCAN', cursor, 'MATCH', pattern, 'COUNT', `${KEYS_IN_SCAN}`];
    const [next, keys] = (await this.#client.sendCommand(command)) as [unknown, unknown[]];
    return [String(next), keys.map(String)];
  }

  async #texts(command: readonly string[]): Promise<string[]> {
    const reply = await this.#ask(command);
    return Array.isArray(reply) ? reply.filter((each) => typeof each === 'string') : [];
  }

  async #text(command: readonly string[]): Promise<string | undefined> {
    const reply = await this.#ask(command);
    return typeof reply === 'string' ? reply : undefined;
  }

  /** Resolves to `undefined` if another application has a value of another type at the key. */
  #ask(command: readonly string[]): Promise<unknown> {
    return this.#client.sendCommand(command).catch((error: Error) => {
      if (!error.message.startsWith('WRONGTYPE')) throw error;
    });
  }
}

function stored(text: string): StoredPoint {
  const point = parsePoint(text);
  return { ...(point !== undefined && { point }), chars: text.length, receipt: undefined };
}

function latest(times: ReadonlyMap<string, string>, count: number): Map<string, string> {
  return new Map([...times].sort(([, a], [, b]) => (a < b ? 1 : -1)).slice(0, count));
}

/** Escapes the wildcards of a pattern. */
function escaped(text: string): string {
  return text.replace(/[*?[\]\\^-]/g, '\\$&');
}

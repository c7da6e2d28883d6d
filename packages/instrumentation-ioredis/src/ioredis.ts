/** The used members of the exports: the class `Redis`, with more classes as properties. */
export interface IORedis {
  readonly prototype: object;
  readonly Cluster: { readonly prototype: object };
  readonly Pipeline: { readonly prototype: object };
}

/** The used members of a client. */
export interface Redis {
  readonly isCluster?: boolean;
  readonly options?: ClientOptions;
  /** The state of the connection; `null` before the first one. */
  readonly condition?: { readonly select?: number } | null;
  readonly stream?: { readonly remoteAddress?: string; readonly remotePort?: number } | null;
}

interface ClientOptions {
  readonly db?: number;
  readonly host?: string;
  readonly port?: number;
  readonly path?: string | null;
  /** With sentinels, the address is known when the client is connected. */
  readonly sentinels?: readonly unknown[] | null;
}

/** A command or a pipeline: the library settles the promise with these own functions of the object. */
export interface Settled {
  resolve(value: unknown): unknown;
  reject(error: unknown): unknown;
}

/** The used members of a command. */
export interface Command extends Settled {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** The used members of a pipeline. */
export interface Pipeline extends Settled {
  readonly redis: Redis;
  readonly _queue: readonly Command[];
  /** The number of transactions whose EXEC is not in the queue yet. */
  readonly _transactions: number;
}

/** The used members of the file that collects commands in automatic pipelines. */
export interface AutoPipelining {
  readonly kExec: symbol;
}

import type { IncomingMessage } from 'node:http';
import { createGunzip, createInflate, createInflateRaw } from 'node:zlib';

/** A request that cannot be served: the status of the response, and a message for the sender. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Limits all bodies in flight together: their bytes, compressed and decompressed, and how many are unfinished. */
export class BodyMemory {
  readonly maxBytes: number;
  readonly maxUnfinished: number;
  #used = 0;
  #unfinished = 0;

  constructor(maxBytes: number, maxUnfinished = 1000) {
    this.maxBytes = maxBytes;
    this.maxUnfinished = maxUnfinished;
  }

  /** Counts a body that starts to arrive. Throws RequestError (503) if too many are unfinished. */
  begin(): void {
    if (this.#unfinished >= this.maxUnfinished) throw tooMany();
    this.#unfinished++;
  }

  /** Counts a body that has arrived, or failed to. */
  end(): void {
    this.#unfinished--;
  }

  /** Throws RequestError (503) if this many bytes are not available now. */
  take(bytes: number): void {
    if (this.#used + bytes > this.maxBytes) throw tooMany();
    this.#used += bytes;
  }

  free(bytes: number): void {
    this.#used -= bytes;
  }
}

function tooMany(): RequestError {
  return new RequestError(503, 'too many requests at once: retry later');
}

/** A request's body; its memory counts as used until `free` is called. */
export interface Body {
  readonly bytes: Buffer;
  free(): void;
}

/**
 * Reads and decompresses a request's body. Throws RequestError: 400 (not decompressible), 413 (more than
 * `maxBytes`, before or after decompression), 415 (unknown encoding), 503 (`memory` exhausted).
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  memory: BodyMemory,
): Promise<Body> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (!['identity', 'gzip', 'deflate'].includes(encoding)) {
    throw new RequestError(
      415,
      `expected content-encoding gzip, deflate or identity, got ${JSON.stringify(encoding)}`,
    );
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  let taken = 0;
  const take = (bytes: number) => {
    memory.take(bytes);
    taken += bytes;
  };
  const free = () => {
    memory.free(taken);
    taken = 0;
  };
  try {
    const body = await unfinished(memory, () =>
      joined(request.iterator({ destroyOnReturn: false }), maxBytes, take),
    );
    return {
      bytes: encoding === 'identity' ? body : await decompressed(body, encoding, maxBytes, take),
      free,
    };
  } catch (error) {
    free();
    throw error;
  }
}

async function unfinished<Value>(memory: BodyMemory, read: () => Promise<Value>): Promise<Value> {
  memory.begin();
  try {
    return await read();
  } finally {
    memory.end();
  }
}

async function decompressed(
  body: Buffer,
  encoding: string,
  maxBytes: number,
  take: (bytes: number) => void,
): Promise<Buffer> {
  const decoder = encoding === 'gzip' ? createGunzip() : isZlib(body) ? createInflate() : createInflateRaw();
  decoder.end(body);
  try {
    return await joined(decoder, maxBytes, take);
  } catch (error) {
    throw error instanceof RequestError ? error : new RequestError(400, `the body is not ${encoding}`);
  }
}

async function joined(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
  take: (bytes: number) => void,
): Promise<Buffer> {
  const list = new ChunkList();
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    take(chunk.length);
    list.add(chunk);
  }
  return list.join();
}

const SMALL = 1024;
const TAIL = 2 * SMALL;

/** The chunks of a body. Small ones are copied together: each has a cost of its own, even if it is one byte. */
class ChunkList {
  readonly #parts: Buffer[] = [];
  #tail = Buffer.alloc(0);
  #used = 0;

  add(chunk: Buffer): void {
    if (chunk.length >= SMALL) {
      this.#endTail();
      this.#parts.push(chunk);
      return;
    }
    if (this.#used + chunk.length > this.#tail.length) {
      this.#endTail();
      this.#tail = Buffer.allocUnsafeSlow(TAIL);
    }
    this.#used += chunk.copy(this.#tail, this.#used);
  }

  join(): Buffer {
    this.#endTail();
    return this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
  }

  #endTail(): void {
    if (this.#used > 0) this.#parts.push(this.#tail.subarray(0, this.#used));
    this.#tail = Buffer.alloc(0);
    this.#used = 0;
  }
}

function tooLarge(maxBytes: number): RequestError {
  return new RequestError(413, `the body is larger than ${maxBytes} bytes`);
}

/** HTTP's deflate has a zlib header, which some senders omit. */
function isZlib(body: Buffer): boolean {
  return body.length >= 2 && (body[0]! & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0;
}

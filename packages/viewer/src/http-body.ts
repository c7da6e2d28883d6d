import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw } from 'node:zlib';

/** A request that cannot be served: the status of the response, and a message for the sender. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Limits the bytes of all bodies in flight together, compressed and decompressed. */
export class BodyMemory {
  readonly maxBytes: number;
  #used = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Throws RequestError (503) if this many bytes are not available now. */
  take(bytes: number): void {
    if (this.#used + bytes > this.maxBytes)
      throw new RequestError(503, 'too many requests at once: retry later');
    this.#used += bytes;
  }

  free(bytes: number): void {
    this.#used -= bytes;
  }
}

/** A request's body; its memory counts as used until `free` is called. */
export interface Body {
  readonly bytes: Buffer;
  free(): void;
}

const decoders = { gzip: promisify(gunzip), inflate: promisify(inflate), inflateRaw: promisify(inflateRaw) };

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
    const body = await collect(request, maxBytes, take);
    if (encoding === 'identity') return { bytes: body, free };
    const bytes = await decompressed(body, encoding, maxBytes);
    take(bytes.length);
    return { bytes, free };
  } catch (error) {
    free();
    throw error;
  }
}

async function decompressed(body: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  const decode = encoding === 'gzip' ? decoders.gzip : isZlib(body) ? decoders.inflate : decoders.inflateRaw;
  try {
    return await decode(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw new RequestError(400, `the body is not ${encoding}`);
  }
}

async function collect(
  request: IncomingMessage,
  maxBytes: number,
  take: (bytes: number) => void,
): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    take(chunk.length);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length);
}

function tooLarge(maxBytes: number): RequestError {
  return new RequestError(413, `the body is larger than ${maxBytes} bytes`);
}

/** HTTP's deflate has a zlib header, which some senders omit. */
function isZlib(body: Buffer): boolean {
  return body.length >= 2 && (body[0]! & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0;
}

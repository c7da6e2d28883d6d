import { Buffer } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { type FailureCause, messageOf } from './provider-counters.ts';

/** The content of a file, or why it cannot be read. */
export type FileSnapshot =
  | { readonly kind: 'content'; readonly text: string }
  | { readonly kind: 'failed'; readonly cause: FailureCause; readonly detail: string };

/** Opening a named pipe must not wait for a writer. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

const MIN_GROWTH_BYTES = 4096;

/** Reads a file of at most `maxBytes`. Never rejects. */
export async function readSnapshot(path: string, maxBytes: number): Promise<FileSnapshot> {
  try {
    const handle = await open(path, FLAGS);
    try {
      const stats = await handle.stat();
      const refusal = refusalOf(stats, maxBytes);
      if (refusal !== undefined) return refusal;
      let buffer: Buffer = Buffer.allocUnsafe(stats.size + 1);
      let size = 0;
      for (let read = -1; read !== 0 && size <= maxBytes; size += read) {
        if (size === buffer.length) buffer = grown(buffer, maxBytes);
        read = (await handle.read(buffer, size, buffer.length - size, size)).bytesRead;
      }
      return contentOf(buffer, size, maxBytes);
    } finally {
      await handle.close();
    }
  } catch (error) {
    return failureOf(error);
  }
}

/** As {@link readSnapshot}, at once: the first request of the application must find the rules. */
export function readSnapshotSync(path: string, maxBytes: number): FileSnapshot {
  try {
    const descriptor = openSync(path, FLAGS);
    try {
      const stats = fstatSync(descriptor);
      const refusal = refusalOf(stats, maxBytes);
      if (refusal !== undefined) return refusal;
      let buffer: Buffer = Buffer.allocUnsafe(stats.size + 1);
      let size = 0;
      for (let read = -1; read !== 0 && size <= maxBytes; size += read) {
        if (size === buffer.length) buffer = grown(buffer, maxBytes);
        read = readSync(descriptor, buffer, size, buffer.length - size, size);
      }
      return contentOf(buffer, size, maxBytes);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return failureOf(error);
  }
}

/** The file may grow while it is read, and files of `/proc` have no size. One byte more than allowed is read at most. */
function grown(content: Buffer, maxBytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(Math.min(2 * content.length + MIN_GROWTH_BYTES, maxBytes + 1));
  content.copy(buffer);
  return buffer;
}

function refusalOf(stats: Stats, maxBytes: number): FileSnapshot | undefined {
  if (!stats.isFile()) return { kind: 'failed', cause: 'unreadable', detail: 'is not a file' };
  return stats.size > maxBytes ? tooLarge(maxBytes) : undefined;
}

function contentOf(buffer: Buffer, size: number, maxBytes: number): FileSnapshot {
  return size > maxBytes ? tooLarge(maxBytes) : { kind: 'content', text: buffer.toString('utf8', 0, size) };
}

function tooLarge(maxBytes: number): FileSnapshot {
  return { kind: 'failed', cause: 'tooLarge', detail: `has more than ${maxBytes} bytes` };
}

function failureOf(error: unknown): FileSnapshot {
  const { code } = Object(error) as Partial<NodeJS.ErrnoException>;
  const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
  return { kind: 'failed', cause: isMissing ? 'missing' : 'unreadable', detail: messageOf(error) };
}

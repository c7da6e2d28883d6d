import { Buffer } from 'node:buffer';
import { readSync, writeSync } from 'node:fs';
import { URL } from 'node:url';
import { originals } from '@clew/core/internal';

/** The batches to post, and their destination. */
export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodies: readonly Buffer[];
}

const PAUSE_MS = 2;
const SUCCESS = /HTTP\/1\.1 2\d\d /g;

/**
 * Posts over an open, idle HTTP connection, using only synchronous writes and reads of its file descriptor: for a
 * process that can neither wait for its event loop nor open another descriptor. Returns whether every body was
 * accepted.
 */
export function postOverConnection(
  descriptor: number,
  { url, headers, bodies }: Post,
  deadlineMs: number,
): boolean {
  for (const [i, body] of bodies.entries()) {
    const isLast = i === bodies.length - 1;
    if (!write(descriptor, Buffer.concat([headOf(url, headers, body.length, isLast), body]), deadlineMs))
      return false;
  }
  return (read(descriptor, deadlineMs).match(SUCCESS)?.length ?? 0) === bodies.length;
}

function headOf(
  url: string,
  headers: Readonly<Record<string, string>>,
  length: number,
  isLast: boolean,
): Buffer {
  const { pathname, search, host } = new URL(url);
  const all = { host, ...headers, 'content-length': length, connection: isLast ? 'close' : 'keep-alive' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
}

function write(descriptor: number, bytes: Buffer, deadlineMs: number): boolean {
  for (let at = 0; at < bytes.length; ) {
    const written = retryWhileBusy(deadlineMs, () => writeSync(descriptor, bytes, at));
    if (written === undefined) return false;
    at += written;
  }
  return true;
}

/** Reads until the connection closes, which the last request has requested. */
function read(descriptor: number, deadlineMs: number): string {
  const chunk = Buffer.alloc(4096);
  let text = '';
  for (;;) {
    const length = retryWhileBusy(deadlineMs, () => readSync(descriptor, chunk));
    if (length === undefined || length === 0) return text;
    text += chunk.toString('latin1', 0, length);
  }
}

/**
 * Retries `EAGAIN`, as the socket is non-blocking. Returns `undefined` after the deadline or a connection error.
 */
function retryWhileBusy(deadlineMs: number, transfer: () => number): number | undefined {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  while (originals.monotonicNow() < deadlineMs) {
    try {
      return transfer();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return undefined;
      Atomics.wait(clock, 0, 0, PAUSE_MS);
    }
  }
  return undefined;
}

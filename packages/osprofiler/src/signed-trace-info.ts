import { Buffer, isUtf8 } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What the two headers say, and the key that they were signed with. */
export interface TraceInfo {
  /** `undefined` where OSProfiler would make one up. */
  readonly baseId: string | undefined;
  readonly parentId: string | undefined;
  readonly hmacKey: string;
}

/** Both headers. */
export interface SignedHeaders {
  readonly info: string;
  readonly hmac: string;
}

const HMAC = /^[\da-f]{40}$/;
/** Both alphabets, but with padding: that is what Python's decoder takes. */
const BASE64 = /^[\w+/-]*={0,2}$/;
/** Two UUIDs need 140; ids of any other kind fit as well. */
const MAX_INFO_CHARS = 4096;
const KNOWN_KEYS = ['base_id', 'parent_id', 'hmac_key'];

/** Signs ids: base64url of their JSON, and the HMAC-SHA1 of that text. */
export function signTraceInfo(baseId: string, parentId: string, hmacKey: string): SignedHeaders {
  const json = JSON.stringify({ base_id: baseId, parent_id: parentId });
  const info = Buffer.from(json).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  return { info, hmac: hmacOf(info, hmacKey).toString('latin1') };
}

/** The key of which the text has the HMAC; every comparison takes the same time. */
export function signingKey(info: string, hmac: string, hmacKeys: readonly string[]): string | undefined {
  const given = hmac.trim();
  if (info.length > MAX_INFO_CHARS || !HMAC.test(given)) return undefined;
  const bytes = Buffer.from(given, 'latin1');
  return hmacKeys.find((key) => timingSafeEqual(hmacOf(info, key), bytes));
}

/** Reads the text of a header whose signature has been verified; `undefined` when OSProfiler would not take it. */
export function readTraceInfo(info: string, hmacKey: string): TraceInfo | undefined {
  const contents = contentsOf(info);
  if (contents === undefined || !('base_id' in contents)) return undefined;
  if (Object.keys(contents).some((key) => !KNOWN_KEYS.includes(key))) return undefined;
  const { base_id, parent_id } = contents;
  // An id of another type makes OSProfiler fail the request; we only leave the trace alone.
  if (typeof base_id !== 'string' && !isFalsy(base_id)) return undefined;
  return { baseId: idOf(base_id), parentId: idOf(parent_id), hmacKey };
}

function idOf(id: unknown): string | undefined {
  if (isFalsy(id)) return undefined;
  return typeof id === 'string' ? id : JSON.stringify(id);
}

/** As in Python, where an empty list or table counts for nothing too. */
function isFalsy(value: unknown): boolean {
  return !value || (typeof value === 'object' && Object.keys(value).length === 0);
}

function contentsOf(info: string): Record<string, unknown> | undefined {
  if (info.length % 4 !== 0 || !BASE64.test(info)) return undefined;
  const bytes = Buffer.from(info, 'base64');
  if (!isUtf8(bytes)) return undefined;
  try {
    const contents: unknown = JSON.parse(bytes.toString());
    const isObject = typeof contents === 'object' && contents !== null && !Array.isArray(contents);
    return isObject ? (contents as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** As text of 40 hex digits: that is what is compared. */
function hmacOf(info: string, hmacKey: string): Buffer {
  return Buffer.from(createHmac('sha1', hmacKey).update(info).digest('hex'), 'latin1');
}

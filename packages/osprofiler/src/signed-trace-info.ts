import { Buffer, isUtf8 } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';

/** The content of the two headers, and the key with which they were signed. */
export interface TraceInfo {
  /** `undefined` where OSProfiler would generate an id. */
  readonly baseId: string | undefined;
  readonly parentId: string | undefined;
  readonly hmacKey: string;
}

/** The values of both headers. */
export interface SignedHeaders {
  readonly info: string;
  readonly hmac: string;
}

const HMAC = /^[\da-f]{40}$/;
/** Both alphabets, with padding, as Python's decoder requires. */
const BASE64 = /^[\w+/-]*={0,2}$/;
/** Two UUIDs need 140 characters; other ids may be longer. */
const MAX_INFO_CHARS = 4096;
const KNOWN_KEYS = ['base_id', 'parent_id', 'hmac_key'];

/** Encodes the ids as base64url of their JSON, and signs this text with HMAC-SHA1. */
export function signTraceInfo(baseId: string, parentId: string, hmacKey: string): SignedHeaders {
  const json = JSON.stringify({ base_id: baseId, parent_id: parentId });
  const info = Buffer.from(json).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  return { info, hmac: hmacOf(info, hmacKey).toString('latin1') };
}

/** Finds the key that signed the text; each comparison takes constant time. */
export function signingKey(info: string, hmac: string, hmacKeys: readonly string[]): string | undefined {
  const given = hmac.trim();
  if (info.length > MAX_INFO_CHARS || !HMAC.test(given)) return undefined;
  const bytes = Buffer.from(given, 'latin1');
  return hmacKeys.find((key) => timingSafeEqual(hmacOf(info, key), bytes));
}

/** Reads the text of a header whose signature was verified; `undefined` if OSProfiler would reject it. */
export function readTraceInfo(info: string, hmacKey: string): TraceInfo | undefined {
  const contents = contentsOf(info);
  if (contents === undefined || !('base_id' in contents)) return undefined;
  if (Object.keys(contents).some((key) => !KNOWN_KEYS.includes(key))) return undefined;
  const { base_id, parent_id } = contents;
  // With an id of another type, OSProfiler fails the request; here, only the trace is ignored.
  if (typeof base_id !== 'string' && !isFalsy(base_id)) return undefined;
  return { baseId: idOf(base_id), parentId: idOf(parent_id), hmacKey };
}

function idOf(id: unknown): string | undefined {
  if (isFalsy(id)) return undefined;
  return typeof id === 'string' ? id : JSON.stringify(id);
}

/** As in Python, where an empty list or dict is falsy too. */
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

/** The HMAC as text of 40 hex digits, the form that is compared. */
function hmacOf(info: string, hmacKey: string): Buffer {
  return Buffer.from(createHmac('sha1', hmacKey).update(info).digest('hex'), 'latin1');
}

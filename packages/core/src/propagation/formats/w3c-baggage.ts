import { Buffer } from 'node:buffer';
import {
  type Baggage,
  type BaggageEntry,
  baggageEntryMetadataFromString,
  propagation,
} from '@opentelemetry/api';
import { countDropped } from '../dropped.ts';
import { type ContextFormat, joined } from '../format.ts';
import { unmarkedBaggage } from '../provenance.ts';
import { valueTextOf } from './baggage-headers.ts';
import { membersOf } from './list-members.ts';
import { isPlainList, listSyntax, visibleBut } from './scan-list.ts';
import { TextBaggage } from './text-baggage.ts';
import { trimOws } from './trim-ows.ts';

const NAME = 'baggage';
const HEADER = 'baggage';

/** Limits of the specification; members beyond them are dropped. */
const MAX_MEMBERS = 64;
const MAX_BYTES = 8192;

/** A token of RFC 9110, and the characters of an encoded value. */
const KEY = /^[\w!#$%&'*+\-.^`|~]+$/;
const VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;

/** Members that are passed on without being parsed: without properties and without encoded characters. */
const TOKEN = visibleBut('"(),/:;<=>?@[\\]{}%');
const PLAIN = listSyntax(
  { keyStart: TOKEN, key: TOKEN, value: visibleBut('",;\\%') },
  { maxMembers: MAX_MEMBERS, maxKeyChars: MAX_BYTES, valueChars: [0, MAX_BYTES] },
);

/** W3C Baggage. Source: https://www.w3.org/TR/baggage/ */
export const w3cBaggage: ContextFormat = {
  name: NAME,
  fields: [HEADER],

  extract(context, carrier, getter) {
    const text = joined(getter.get(carrier, HEADER));
    if (text === undefined || text === '') return context;
    if (isPlain(text)) return propagation.setBaggage(context, new TextBaggage(text, read));
    const entries = parse(text);
    return entries.size === 0 ? context : propagation.setBaggage(context, baggageOf(entries));
  },

  inject(context, carrier, setter) {
    const baggage = propagation.getBaggage(context);
    if (baggage === undefined) return;
    const bare = unmarkedBaggage(baggage);
    const text = bare instanceof TextBaggage ? bare.text : serialize(bare.getAllEntries());
    if (text !== '') setter.set(carrier, HEADER, text);
  },
};

function isPlain(text: string): boolean {
  return text.length <= MAX_BYTES && isPlainList(text, PLAIN);
}

/** Parses a text that `isPlain` accepts, so that no part has to be checked again. */
function read(text: string): Baggage {
  const entries = new Map<string, BaggageEntry>();
  for (const member of text.split(',')) {
    const equals = member.indexOf('=');
    entries.set(member.slice(0, equals), { value: member.slice(equals + 1) });
  }
  return baggageOf(entries);
}

function parse(text: string): Map<string, BaggageEntry> {
  const entries = new Map<string, BaggageEntry>();
  let malformed = false;
  if (text.length > MAX_BYTES) countDropped(NAME, 'members beyond 8192 bytes');
  // A member that the limit would cut is dropped entirely.
  const kept = text.length > MAX_BYTES ? text.slice(0, text.lastIndexOf(',', MAX_BYTES) + 1) : text;
  for (const member of membersOf(kept)) {
    const trimmed = trimOws(member);
    if (trimmed === '') continue;
    if (entries.size === MAX_MEMBERS) {
      countDropped(NAME, 'members beyond 64');
      break;
    }
    const parsed = parseMember(trimmed);
    if (parsed === undefined) malformed = true;
    else entries.set(parsed.key, parsed.entry);
  }
  if (malformed) countDropped(NAME, 'malformed member');
  return entries;
}

function parseMember(member: string): { key: string; entry: BaggageEntry } | undefined {
  const semicolon = member.indexOf(';');
  const pair = semicolon < 0 ? member : member.slice(0, semicolon);
  const equals = pair.indexOf('=');
  const key = trimOws(pair.slice(0, Math.max(equals, 0)));
  const raw = trimOws(pair.slice(equals + 1));
  if (!KEY.test(key) || !VALUE.test(raw)) return undefined;
  const entry: BaggageEntry = { value: decode(raw) };
  if (semicolon >= 0) entry.metadata = baggageEntryMetadataFromString(trimOws(member.slice(semicolon + 1)));
  return { key, entry };
}

function serialize(entries: readonly [string, BaggageEntry][]): string {
  let text = '';
  if (entries.length > MAX_MEMBERS) countDropped(NAME, 'outgoing members beyond 64');
  for (const [key, entry] of entries.slice(0, MAX_MEMBERS)) {
    if (!KEY.test(key)) {
      countDropped(NAME, 'outgoing member with an invalid key');
      continue;
    }
    const value = valueTextOf(entry);
    if (value === undefined) {
      countDropped(NAME, 'outgoing member with a value that is not text');
      continue;
    }
    const member = `${key}=${encodeURIComponent(value)}${propertiesOf(entry)}`;
    const longer = text === '' ? member : `${text},${member}`;
    if (longer.length > MAX_BYTES) countDropped(NAME, 'outgoing members beyond 8192 bytes');
    else text = longer;
  }
  return text;
}

/** Properties are written only if all their characters are safe: a line break would start another header. */
function propertiesOf({ metadata }: BaggageEntry): string {
  try {
    const text: unknown = metadata?.toString();
    const fits = typeof text === 'string' && /^[\x20\x21\x23-\x2b\x2d-\x7e\t]+$/.test(text);
    return fits ? `;${text}` : '';
  } catch {
    return '';
  }
}

function baggageOf(entries: Map<string, BaggageEntry>) {
  // An object without a prototype: `__proto__` is a key like any other.
  const record: Record<string, BaggageEntry> = Object.create(null);
  for (const [key, entry] of entries) record[key] = entry;
  return propagation.createBaggage(record);
}

/** Bytes that are not valid UTF-8 become U+FFFD, as the specification requires; a lone `%` stays. */
function decode(raw: string): string {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw.replace(/(?:%[\da-f]{2})+/gi, (run) =>
      Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
    );
  }
}

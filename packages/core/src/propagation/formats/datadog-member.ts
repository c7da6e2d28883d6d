import { countDropped } from '../dropped.ts';

/** What Datadog's tracers propagate in addition to the ids. */
export interface DatadogMember {
  readonly priority?: number | undefined;
  readonly origin?: string | undefined;
  /** Tags of the trace, without their prefix `_dd.p.`. */
  readonly tags?: ReadonlyMap<string, string> | undefined;
}

const PREFIX = '_dd.p.';
const TID = 'tid';
/** The limit of a tracestate member's value, and that of Datadog's tracers for the header. */
const MAX_MEMBER_CHARS = 256;
const MAX_HEADER_CHARS = 512;

/** Reads `x-datadog-tags: _dd.p.key=value,…`; returns the upper half of the trace id separately from the other tags. */
export function parseTags(list: string): { readonly tid?: string; readonly others: Map<string, string> } {
  const others = new Map<string, string>();
  if (list.length > MAX_HEADER_CHARS) {
    countDropped('datadog', 'x-datadog-tags beyond 512 characters');
    return { others };
  }
  for (const pair of list.split(',')) {
    const equals = pair.indexOf('=');
    const key = pair.slice(0, Math.max(equals, 0)).trim();
    if (key.startsWith(PREFIX)) others.set(key.slice(PREFIX.length), pair.slice(equals + 1).trim());
  }
  const tid = others.get(TID);
  others.delete(TID);
  return tid === undefined ? { others } : { tid, others };
}

/** Writes `x-datadog-tags`; skips tags that do not fit. */
export function tagsHeader(tid: string | undefined, tags: ReadonlyMap<string, string> | undefined): string {
  let text = tid === undefined ? '' : `${PREFIX}${TID}=${tid}`;
  if (tags === undefined) return text;
  for (const [key, value] of tags) {
    const pair = `${text === '' ? '' : ','}${PREFIX}${key}=${value}`;
    if (key !== TID && text.length + pair.length <= MAX_HEADER_CHARS) text += pair;
  }
  return text;
}

/** Writes the value of the tracestate member: `s:2;o:rum;t.dm:-4`. */
export function serializeMember({ priority, origin, tags }: DatadogMember): string {
  let text = priority === undefined ? '' : `s:${priority}`;
  const add = (field: string) => {
    const longer = text === '' ? field : `${text};${field}`;
    if (longer.length <= MAX_MEMBER_CHARS) text = longer;
  };
  if (origin) add(`o:${allowedValue(origin)}`);
  if (tags !== undefined) for (const [key, value] of tags) add(`t.${allowedKey(key)}:${allowedValue(value)}`);
  return text;
}

/** Reads the value of the tracestate member, which may come from a peer: invalid characters are replaced. */
export function parseMember(text: string): DatadogMember {
  const tags = new Map<string, string>();
  let priority: number | undefined;
  let origin: string | undefined;
  for (const field of text.slice(0, MAX_MEMBER_CHARS).split(';')) {
    const colon = field.indexOf(':');
    const key = field.slice(0, Math.max(colon, 0));
    const value = allowedValue(field.slice(colon + 1)).replaceAll('~', '=');
    if (key === 's' && /^-?\d{1,3}$/.test(value)) priority = Number(value);
    else if (key === 'o') origin = value;
    else if (key.startsWith('t.')) tags.set(allowedKey(key.slice(2)), value);
  }
  return { priority, origin, tags };
}

/** Replaces characters that would end the field, the member or the header. `=` is written as `~`. */
function allowedValue(value: string): string {
  return value
    .trim()
    .replaceAll('=', '~')
    .replace(/[^\x20-\x2b\x2d-\x3a\x3c-\x7e]/g, '_');
}

function allowedKey(key: string): string {
  return key.replace(/[^\x21-\x2b\x2d-\x39\x3c\x3e-\x7d]/g, '_');
}

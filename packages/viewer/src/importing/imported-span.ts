import { isId } from '../otlp-limits.ts';
import type { Attributes, Resource, SpanRecord } from '../span-record.ts';

/** Thrown for a file that is not in the expected format; the message names the place. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
}

/** What an imported span must have; everything else has the value of a span that states nothing. */
export type ImportedSpan = Pick<
  SpanRecord,
  'traceId' | 'spanId' | 'name' | 'startTimeUnixNano' | 'endTimeUnixNano' | 'resource'
> &
  Partial<SpanRecord>;

/** Completes an imported span. */
export function importedSpan(span: ImportedSpan): SpanRecord {
  return {
    traceState: '',
    flags: 1,
    kind: 'INTERNAL',
    attributes: {},
    events: [],
    links: [],
    status: { code: 'UNSET', message: '' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    scope: { name: '', version: '', attributes: {} },
    ...span,
  };
}

/** The resource of a service. */
export function resourceOf(service: string, attributes: Attributes = {}): Resource {
  return { attributes: { ...attributes, 'service.name': service } };
}

/** Nanoseconds from microseconds since 1970, which may have a fraction. */
export function fromMicros(value: unknown, place: string): bigint {
  if (typeof value !== 'number' || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER))
    throw new ImportError(`expected microseconds in ${place}, got ${shown(value)}`);
  return BigInt(Math.floor(value)) * 1000n + BigInt(Math.round((value % 1) * 1000));
}

/** An id in lower-case hex of 32 or 16 digits; shorter ones are 64-bit ids or have lost their zeros. */
export function hexId(value: unknown, digits: 16 | 32, place: string): string {
  if (typeof value === 'string' && /^[0-9a-f]+$/i.test(value) && value.length <= digits)
    return value.toLowerCase().padStart(digits, '0');
  throw new ImportError(`expected at most ${digits} hex digits in ${place}, got ${shown(value)}`);
}

/** The id of a trace or of a span: not all zeros. */
export function idIn(value: unknown, digits: 16 | 32, place: string): string {
  const id = hexId(value, digits, place);
  if (isId(id, digits)) return id;
  throw new ImportError(`expected an id other than zero in ${place}, got ${shown(value)}`);
}

/** A text. */
export function textIn(value: unknown, place: string): string {
  if (typeof value === 'string') return value;
  throw new ImportError(`expected a text in ${place}, got ${shown(value)}`);
}

/** Describes a wrong value in a message. */
export function shown(value: unknown): string | undefined {
  // A list or an object may be nested too deep for JSON.stringify.
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return JSON.stringify(value)?.slice(0, 100);
}

/** A parsed JSON object, not validated. */
export type Json = { readonly [key: string]: unknown };

/** An object, not a list. */
export function objectIn(value: unknown, place: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new ImportError(`expected an object in ${place}, got ${shown(value)}`);
}

/** The items of a list; an absent list is empty. */
export function listIn(value: unknown, place: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new ImportError(`expected a list in ${place}, got ${shown(value)}`);
}

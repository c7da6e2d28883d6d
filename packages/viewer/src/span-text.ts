import { toBase64 } from './base64.ts';
import { printable } from './printable.ts';
import type { Attributes, AttributeValue, SpanRecord } from './span-record.ts';

/** The reason for a span's error: its exception, its status message, or `error.type`. Not yet printable. */
export function errorText({ status, events, attributes }: SpanRecord): string | undefined {
  if (status.code !== 'ERROR') return undefined;
  const exception = events.findLast((event) => event.name === 'exception')?.attributes ?? {};
  const type = exception['exception.type'] ?? attributes['error.type'];
  const message = exception['exception.message'] ?? status.message;
  return (
    [type, message]
      .map((part) => valueText(part ?? ''))
      .filter(Boolean)
      .join(': ') || 'error'
  );
}

/** Formats an attribute's value in one line; lists and maps as JSON. Not yet printable. */
export function valueText(value: AttributeValue): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return toBase64(value);
  return typeof value === 'object' ? JSON.stringify(value, plain) : String(value);
}

/** Formats attributes as printable lines; further lines of a value are indented. */
export function attributeTexts(attributes: Attributes, indent: string): string[] {
  return Object.entries(attributes).flatMap(([key, value]) => {
    const [first = '', ...more] = linesOf(valueText(value));
    return [`${indent}${printable(key)}: ${first}`, ...more.map((line) => `${indent}  ${line}`)];
  });
}

/** Splits a text into printable lines. */
export function linesOf(text: string): string[] {
  return text.split('\n').map(printable);
}

function plain(_key: string, value: AttributeValue): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? toBase64(value) : value;
}

const MAX_NAME = 256;

/** Cuts a name for lists, maps and statistics to 256 characters. The result may still contain unprintable characters. */
export function shortName(name: string): string {
  if (name.length <= MAX_NAME) return name;
  // Does not leave the first half of a surrogate pair.
  return `${name.slice(0, MAX_NAME - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** The labels of span kinds in a waterfall. */
export const KIND_LABELS = {
  SERVER: 'SRV',
  CLIENT: 'CLI',
  PRODUCER: 'PRO',
  CONSUMER: 'CON',
  INTERNAL: 'INT',
} as const;

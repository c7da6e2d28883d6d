import type { AttributeValue, SpanRecord } from './span-record.ts';

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
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return typeof value === 'object' ? JSON.stringify(value, plain) : String(value);
}

function plain(_key: string, value: AttributeValue): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

/** The labels of span kinds in a waterfall. */
export const KIND_LABELS = {
  SERVER: 'SRV',
  CLIENT: 'CLI',
  PRODUCER: 'PRO',
  CONSUMER: 'CON',
  INTERNAL: 'INT',
} as const;

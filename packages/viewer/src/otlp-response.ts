import type { OtlpFormat } from './decode-traces.ts';

/** How many records of a request were rejected, and why. */
export interface Rejection {
  /** The name of the count in JSON. */
  readonly name: 'rejectedSpans' | 'rejectedLogRecords';
  readonly count: number;
  readonly reason: string;
}

/** Encodes the response to an export: empty on full success, otherwise with `partial_success`. */
export function exportResponse(format: OtlpFormat, { name, count: rejected, reason }: Rejection): Buffer {
  if (format === 'json') {
    const partial = { partialSuccess: { [name]: String(rejected), errorMessage: reason } };
    return Buffer.from(JSON.stringify(rejected === 0 ? {} : partial));
  }
  if (rejected === 0) return Buffer.alloc(0);
  return field(1, Buffer.concat([Buffer.from([0x08]), varint(rejected), field(2, Buffer.from(reason))]));
}

/**
 * Encodes a google.rpc.Status, the body of every error response.
 * https://opentelemetry.io/docs/specs/otlp/#failures-1
 */
export function statusBody(format: OtlpFormat, message: string): Buffer {
  return format === 'json' ? Buffer.from(JSON.stringify({ message })) : field(2, Buffer.from(message));
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; bytes.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
  }
  return Buffer.from(bytes);
}

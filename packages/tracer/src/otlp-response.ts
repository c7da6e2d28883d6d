import type { Buffer } from 'node:buffer';

/** The spans that a receiver rejected in a request that it accepted. */
export interface PartialSuccess {
  readonly rejectedSpans: number;
  readonly message: string;
}

const NONE: PartialSuccess = { rejectedSpans: 0, message: '' };
const MAX_MESSAGE_CHARS = 1000;
/** Replaced because the message is logged, where they could move a terminal's cursor or forge a new line. */
const CONTROL_CHARACTERS = /\p{Cc}/gu;

/**
 * Reads `ExportTraceServiceResponse.partial_success` from a response body in either encoding.
 * A body that cannot be parsed counts as full success, because the status was a success.
 */
export function partialSuccessOf(contentType: string, body: Buffer): PartialSuccess {
  try {
    return contentType.includes('json') ? fromJson(body) : fromProtobuf(body);
  } catch {
    return NONE;
  }
}

function fromJson(body: Buffer): PartialSuccess {
  if (body.length === 0) return NONE;
  const partial = (JSON.parse(body.toString()) as { partialSuccess?: Record<string, unknown> })
    .partialSuccess;
  if (partial === undefined || partial === null) return NONE;
  return partialSuccess(Number(partial.rejectedSpans ?? 0), String(partial.errorMessage ?? ''));
}

function fromProtobuf(body: Buffer): PartialSuccess {
  let rejected = 0;
  let message = '';
  for (const outer of fieldsOf(body)) {
    if (outer.number !== 1 || typeof outer.value === 'number') continue;
    for (const { number, value } of fieldsOf(outer.value)) {
      if (number === 1 && typeof value === 'number') rejected = value;
      if (number === 2 && typeof value !== 'number') message = value.toString();
    }
  }
  return partialSuccess(rejected, message);
}

function partialSuccess(rejected: number, message: string): PartialSuccess {
  const rejectedSpans = Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0;
  return { rejectedSpans, message: message.slice(0, MAX_MESSAGE_CHARS).replace(CONTROL_CHARACTERS, ' ') };
}

interface Field {
  readonly number: number;
  readonly value: number | Buffer;
}

/** Yields the varint and length-delimited fields of a message; throws for malformed input. */
function* fieldsOf(bytes: Buffer): Generator<Field> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 63) throw new RangeError('malformed varint');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const type = tag % 8;
    const number = Math.floor(tag / 8);
    if (type === 0) yield { number, value: varint() };
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else if (type === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new RangeError('truncated message');
      yield { number, value: bytes.subarray(at, at + length) };
      at += length;
    } else throw new RangeError('unknown wire type');
  }
}

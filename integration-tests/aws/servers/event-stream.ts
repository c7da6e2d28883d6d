import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';

const STRING_TYPE = 7;
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;

/**
 * Encodes an event of a stream: total length, length of the headers, checksum of both, headers, payload, checksum of all.
 * Source: https://smithy.io/2.0/aws/amazon-eventstream.html
 */
export function encodeEvent(type: string, payload: unknown, messageType = 'event'): Buffer {
  const headers = Buffer.concat([
    header(`:${messageType}-type`, type),
    header(':content-type', 'application/json'),
    header(':message-type', messageType),
  ]);
  const body = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(PRELUDE_BYTES);
  prelude.writeUInt32BE(PRELUDE_BYTES + headers.length + body.length + CHECKSUM_BYTES, 0);
  prelude.writeUInt32BE(headers.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const message = Buffer.concat([prelude, headers, body]);
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32BE(crc32(message));
  return Buffer.concat([message, checksum]);
}

function header(name: string, value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(value));
  return Buffer.concat([
    Buffer.of(name.length),
    Buffer.from(name),
    Buffer.of(STRING_TYPE),
    length,
    Buffer.from(value),
  ]);
}

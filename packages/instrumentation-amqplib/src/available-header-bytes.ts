import { Buffer } from 'node:buffer';
import { carriers } from '@clew/core';
import type { Channel, Properties } from './amqplib.ts';

/** amqplib encodes a header table in a buffer of this size, and throws if that is too small. */
const ENCODER_BYTES = 65_536;

/** The header of a frame, the class, the size of the body, flags, and properties of a fixed size. */
const FRAME_BYTES = 64;

/** Properties that hold text. */
const TEXTS = [
  'contentType',
  'contentEncoding',
  'correlationId',
  'replyTo',
  'expiration',
  'messageId',
  'type',
  'userId',
  'appId',
  'clusterId',
] as const;

/** The maximum for all of them: each has its length in one byte. */
const TEXTS_BYTES = 256 * TEXTS.length;

/** More than a propagator writes: with so much left, the exact number does not matter. */
const ENOUGH_BYTES = 32_768;

/** Deeper tables count as too large: a circular table has no end. */
const MAX_DEPTH = 32;

/** The bytes that are left in the table that is being measured. */
let bytesLeft = 0;

/**
 * The bytes that are left for headers in a message. All properties must fit into one frame: the broker closes a
 * connection that sends a larger one. Source: https://www.rabbitmq.com/amqp-0-9-1-reference.html#connection.tune
 */
export function availableHeaderBytes({ connection }: Channel, properties: Properties): number {
  const { headers } = properties;
  bytesLeft = ENCODER_BYTES;
  if (headers != null) subtractTable(headers, 0);
  const tableBytesLeft = bytesLeft;
  const frameBytesLeft =
    (connection.frameMax || Number.POSITIVE_INFINITY) - FRAME_BYTES - (ENCODER_BYTES - tableBytesLeft);
  const least = Math.min(tableBytesLeft, frameBytesLeft - TEXTS_BYTES);
  // Enough for nearly all messages: their other properties need not be measured.
  if (least >= ENOUGH_BYTES) return least;
  let bytesLeftForTexts = frameBytesLeft;
  for (const name of TEXTS) {
    const text = properties[name];
    if (typeof text === 'string') bytesLeftForTexts -= 1 + carriers.textBytes(text);
  }
  return Math.min(tableBytesLeft, bytesLeftForTexts);
}

/** Subtracts at least the bytes that amqplib's `encodeTable` writes. Stops when nothing is left. */
function subtractTable(table: object, depth: number): void {
  bytesLeft -= 4;
  // With inherited headers, as amqplib does.
  for (const name in table) {
    if (bytesLeft < 0) return;
    bytesLeft -= 1 + carriers.textBytes(name);
    subtractValue((table as Record<string, unknown>)[name], depth);
  }
}

function subtractValue(value: unknown, depth: number): void {
  if (typeof value === 'string') bytesLeft -= 5 + carriers.textBytes(value);
  else if (typeof value !== 'object' || value === null) bytesLeft -= 9;
  else if (Buffer.isBuffer(value)) bytesLeft -= 5 + value.length;
  else if (depth >= MAX_DEPTH) bytesLeft = Number.NEGATIVE_INFINITY;
  else if (!Array.isArray(value)) {
    bytesLeft -= 1;
    subtractTable(value, depth + 1);
  } else {
    bytesLeft -= 5;
    for (const item of value) {
      if (bytesLeft < 0) return;
      subtractValue(item, depth + 1);
    }
  }
}

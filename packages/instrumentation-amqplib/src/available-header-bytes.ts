import { Buffer } from 'node:buffer';
import { carriers } from '@clew/core';
import type { Channel, Properties } from './amqplib.ts';

/** amqplib encodes a header table in a buffer of this size, and throws where that is too small. */
const ENCODER_BYTES = 65_536;

/** The frame's own, the class, the body's size, flags, and properties of a fixed size. */
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

/** The most that they take: each has its length in one byte. */
const TEXTS_BYTES = 256 * TEXTS.length;

/** More than a propagator writes: with so much left, the exact number does not matter. */
const ENOUGH_BYTES = 32_768;

/** Deeper tables count as too large: a circular one has no end. */
const MAX_DEPTH = 32;

/** Of the table that is being measured. */
let bytesLeft = 0;

/**
 * The bytes of headers that a message still takes. All properties must fit into one frame: the broker closes a
 * connection that sends a larger one. Source: https://www.rabbitmq.com/amqp-0-9-1-reference.html#connection.tune
 */
export function availableHeaderBytes({ connection }: Channel, properties: Properties): number {
  const { headers } = properties;
  bytesLeft = ENCODER_BYTES;
  if (headers != null) takeTable(headers, 0);
  const tableBytesLeft = bytesLeft;
  const frameBytesLeft =
    (connection.frameMax || Number.POSITIVE_INFINITY) - FRAME_BYTES - (ENCODER_BYTES - tableBytesLeft);
  const least = Math.min(tableBytesLeft, frameBytesLeft - TEXTS_BYTES);
  // Nearly all messages end here: their other properties need not be measured.
  if (least >= ENOUGH_BYTES) return least;
  let bytesLeftForTexts = frameBytesLeft;
  for (const name of TEXTS) {
    const text = properties[name];
    if (typeof text === 'string') bytesLeftForTexts -= 1 + carriers.textBytes(text);
  }
  return Math.min(tableBytesLeft, bytesLeftForTexts);
}

/** Takes off what amqplib's `encodeTable` writes, or more. Stops as soon as nothing is left. */
function takeTable(table: object, depth: number): void {
  bytesLeft -= 4;
  // With inherited ones, as amqplib does.
  for (const name in table) {
    if (bytesLeft < 0) return;
    bytesLeft -= 1 + carriers.textBytes(name);
    takeValue((table as Record<string, unknown>)[name], depth);
  }
}

function takeValue(value: unknown, depth: number): void {
  if (typeof value === 'string') bytesLeft -= 5 + carriers.textBytes(value);
  else if (typeof value !== 'object' || value === null) bytesLeft -= 9;
  else if (Buffer.isBuffer(value)) bytesLeft -= 5 + value.length;
  else if (depth >= MAX_DEPTH) bytesLeft = Number.NEGATIVE_INFINITY;
  else if (!Array.isArray(value)) {
    bytesLeft -= 1;
    takeTable(value, depth + 1);
  } else {
    bytesLeft -= 5;
    for (const item of value) {
      if (bytesLeft < 0) return;
      takeValue(item, depth + 1);
    }
  }
}

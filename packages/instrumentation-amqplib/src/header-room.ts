import { Buffer } from 'node:buffer';
import { textBytes } from '@clew/core';
import type { Channel, Properties } from './amqplib.ts';

/** amqplib encodes a header table in a buffer of this size, and throws where that is too small. */
const ENCODER_BYTES = 65_536;

/** The frame's own, the class, the body's size, flags, and properties of a fixed size. */
const FRAME_BYTES = 64;

/** In properties that have a text. */
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

/** At most, all of them: each has its length in one byte. */
const TEXTS_BYTES = 256 * TEXTS.length;

/** More than a propagator writes: with so much left, the exact number does not matter. */
const ENOUGH_BYTES = 32_768;

/** A table in a table in a table: nobody encodes deeper ones, and a circular one has no end. */
const MAX_DEPTH = 32;

/**
 * The bytes of headers that a message still takes. All properties must fit into one frame: the broker closes a
 * connection that sends a larger one. Source: https://www.rabbitmq.com/amqp-0-9-1-reference.html#connection.tune
 */
export function headerRoom({ connection }: Channel, properties: Properties): number {
  const { headers } = properties;
  const tableBytes = headers == null ? 4 : bytesOfTable(headers, 0);
  const frameMax = connection.frameMax || Number.POSITIVE_INFINITY;
  const least = Math.min(ENCODER_BYTES, frameMax - FRAME_BYTES - TEXTS_BYTES) - tableBytes;
  // Nearly all messages: what else is in the properties needs no look.
  if (least >= ENOUGH_BYTES) return least;
  let frameBytes = FRAME_BYTES + tableBytes;
  for (const name of TEXTS) {
    const text = properties[name];
    if (typeof text === 'string') frameBytes += 1 + textBytes(text);
  }
  return Math.min(ENCODER_BYTES - tableBytes, frameMax - frameBytes);
}

/** At least what amqplib's `encodeTable` writes. */
function bytesOfTable(table: object, depth: number): number {
  let bytes = 4;
  // With inherited ones, as amqplib does.
  for (const name in table)
    bytes += 1 + textBytes(name) + bytesOfValue((table as Record<string, unknown>)[name], depth);
  return bytes;
}

function bytesOfValue(value: unknown, depth: number): number {
  if (typeof value === 'string') return 5 + textBytes(value);
  if (typeof value !== 'object' || value === null) return 9;
  if (Buffer.isBuffer(value)) return 5 + value.length;
  if (depth >= MAX_DEPTH) return Number.POSITIVE_INFINITY;
  if (!Array.isArray(value)) return 1 + bytesOfTable(value, depth + 1);
  return value.reduce((bytes: number, item) => bytes + bytesOfValue(item, depth + 1), 5);
}

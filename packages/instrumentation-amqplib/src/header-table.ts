import { Buffer } from 'node:buffer';

/**
 * Headers with nothing but what is set, like `Object.create(null)`, which amqplib makes for a message without headers.
 * V8 keeps that one as a dictionary, which takes amqplib twice as long to encode.
 */
class HeaderTable {
  [name: string]: unknown;
}
Object.setPrototypeOf(HeaderTable.prototype, null);
Reflect.deleteProperty(HeaderTable.prototype, 'constructor');

/** As in amqplib's `lib/codec.js`; returns how many bytes it has written. */
type EncodeTable = (buffer: Buffer, table: object, offset: number) => number;

/** Enough for V8 to begin to remember what a function has seen. */
const SAMPLES = 50;
let encoderKnowsDictionaries = false;

/**
 * Lets amqplib's encoder see some dictionaries, with several names, before the first table of a fixed shape. Of a
 * `for…in` over a fixed shape V8 remembers nothing, and it would throw the compiled encoder away at its first table,
 * each time anew: that costs more than dictionaries do.
 */
export function prepareEncoder(encodeTable: EncodeTable): void {
  const sample = Object.assign(Object.create(null) as object, {
    traceparent: '1',
    tracestate: '2',
    baggage: '3',
  });
  const buffer = Buffer.alloc(256);
  for (let count = 0; count < SAMPLES; count++) encodeTable(buffer, sample, 0);
  encoderKnowsDictionaries = true;
}

/** The table to set headers in: the message's own, unless there is none or it is empty and another is faster. */
export function tableOf(headers: Record<string, unknown> | null | undefined): Record<string, unknown> {
  if (headers && !(encoderKnowsDictionaries && isEmptyTable(headers))) return headers;
  return encoderKnowsDictionaries ? new HeaderTable() : (Object.create(null) as Record<string, unknown>);
}

/** Whether a table is one that amqplib has made, and that nobody has set anything in. */
function isEmptyTable(table: object): boolean {
  if (Object.getPrototypeOf(table) !== null) return false;
  for (const _ in table) return false;
  return true;
}

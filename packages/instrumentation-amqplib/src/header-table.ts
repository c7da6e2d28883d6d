/**
 * Headers with nothing but what is set, like `Object.create(null)`, which amqplib makes for a message without headers.
 * V8 keeps that one as a dictionary, which takes amqplib twice as long to encode.
 */
export class HeaderTable {
  [name: string]: unknown;
}
Object.setPrototypeOf(HeaderTable.prototype, null);
Reflect.deleteProperty(HeaderTable.prototype, 'constructor');

/** Whether a table is one that amqplib has made, and that nobody has set anything in. */
export function isEmptyTable(table: object): boolean {
  if (Object.getPrototypeOf(table) !== null) return false;
  for (const _ in table) return false;
  return true;
}

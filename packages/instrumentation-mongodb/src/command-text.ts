import { types } from 'node:util';
import type { CommandDocument } from './mongodb.ts';

/** Deeper documents are not read. */
const MAX_DEPTH = 20;

/** Members with whole documents of the application. Their keys may be as secret as their values. */
const DOCUMENTS = new Set(['documents', 'ops']);

/**
 * `db.query.text` of a command: JSON with the names of its fields and operators, and `?` for each value. Reading stops
 * once the text is longer than `maxChars`; -1 means no limit.
 */
export function textOf(command: CommandDocument, collection: string | undefined, maxChars: number): string {
  const text = new Text(maxChars);
  let isFirst = true;
  text.add('{');
  for (const [key, value] of Object.entries(command)) {
    if (text.isFull) break;
    if (!isFirst) text.add(',');
    text.add(`${JSON.stringify(key)}:`);
    if (value === collection && collection !== undefined) text.add(JSON.stringify(collection));
    else if (DOCUMENTS.has(key)) text.add('"?"');
    else text.value(value, 1);
    isFirst = false;
  }
  text.add('}');
  return text.toString();
}

class Text {
  #text = '';
  readonly #maxChars: number;

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  get isFull(): boolean {
    return this.#maxChars >= 0 && this.#text.length > this.#maxChars;
  }

  add(part: string): void {
    this.#text += part;
  }

  value(value: unknown, depth: number): void {
    if (Array.isArray(value)) this.#list(value, depth);
    else if (isDocument(value) && depth < MAX_DEPTH) this.#document(value, depth);
    else this.add('"?"');
  }

  /** Values in a list are one `?`, whatever their number is. */
  #list(list: readonly unknown[], depth: number): void {
    this.add('[');
    let hasValue = false;
    let isFirst = true;
    for (const each of list) {
      if (this.isFull) break;
      const isNested = Array.isArray(each) || isDocument(each);
      if (!isNested && hasValue) continue;
      if (!isNested) hasValue = true;
      if (!isFirst) this.add(',');
      this.value(each, depth + 1);
      isFirst = false;
    }
    this.add(']');
  }

  #document(document: object, depth: number): void {
    this.add('{');
    let isFirst = true;
    for (const key of Object.keys(document)) {
      if (this.isFull) break;
      this.add(`${isFirst ? '' : ','}${JSON.stringify(key)}:`);
      this.value(Reflect.get(document, key), depth + 1);
      isFirst = false;
    }
    this.add('}');
  }

  toString(): string {
    return this.#text;
  }
}

/** Whether a value has fields. BSON's own types, dates, patterns, bytes and maps are values. */
function isDocument(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || '_bsontype' in value || 'toBSON' in value) return false;
  return !types.isDate(value) && !types.isRegExp(value) && !types.isMap(value) && !ArrayBuffer.isView(value);
}

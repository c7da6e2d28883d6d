import type { Attributes } from '@opentelemetry/api';
import type { FlatAttributes } from './attributes.ts';
import type { SpanLimits } from './limits.ts';
import { writeAttributes } from './otlp-attributes.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/** The tag of an attribute in a span. */
const ATTRIBUTE = 0x4a;
const FIRST_BYTES = 512;
const MOST_BYTES = 1 << 20;

/** A frozen object of attributes that many spans are started with: read and encoded once for all of them. */
export class SharedAttributes {
  readonly list: FlatAttributes;
  #encoded: Uint8Array | undefined;

  constructor(list: FlatAttributes) {
    this.list = list;
  }

  get count(): number {
    return this.list.length / 2;
  }

  has(key: string): boolean {
    for (let at = 0; at < this.list.length; at += 2) if (this.list[at] === key) return true;
    return false;
  }

  hasAnyOf(attributes: Readonly<Attributes>): boolean {
    for (const key in attributes) if (this.has(key)) return true;
    return false;
  }

  /** As `Span.attributes` of OTLP's protocol buffers. */
  get encoded(): Uint8Array {
    if (this.#encoded === undefined) {
      const writer = new ProtobufWriter(FIRST_BYTES, MOST_BYTES);
      writeAttributes(writer, ATTRIBUTE, this.list);
      this.#encoded = Uint8Array.prototype.slice.call(writer.bytes, 0, writer.position);
    }
    return this.#encoded;
  }
}

const known = new WeakMap<object, SharedAttributes>();
const MAX_TEXT_CHARS = 4096;

/**
 * What is shared of attributes that a span is started with; `undefined` for an object that may still change, for
 * one with values that are no plain ones, and where a limit is near.
 */
export function sharedOf(attributes: Readonly<Attributes>, limits: SpanLimits): SharedAttributes | undefined {
  if (limits.attributeValueLength !== Number.POSITIVE_INFINITY) return undefined;
  const shared = known.get(attributes) ?? share(attributes);
  return shared !== undefined && shared.count <= limits.attributeCount ? shared : undefined;
}

function share(attributes: Readonly<Attributes>): SharedAttributes | undefined {
  if (!Object.isFrozen(attributes)) return undefined;
  const list: FlatAttributes = [];
  for (const [key, value] of Object.entries(attributes)) {
    if (key === '' || !isPlain(value)) return undefined;
    list.push(key, value);
  }
  const shared = new SharedAttributes(list);
  known.set(attributes, shared);
  return shared;
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= MAX_TEXT_CHARS;
  return typeof value === 'number' || typeof value === 'boolean';
}

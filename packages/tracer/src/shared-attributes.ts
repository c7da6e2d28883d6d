// Written for speed (benchmarks/tracer-micro.mjs): attributes that many spans share are read and encoded once.
// The plain form is a list of attributes for each span.
import { isShared } from '@clew/core/internal';
import type { Attributes, SpanKind } from '@opentelemetry/api';
import type { FlatAttributes } from './attributes.ts';
import type { SpanLimits } from './limits.ts';
import { writeAttributes, writeTitle } from './otlp-attributes.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/** The tag of `Span.attributes`. */
const ATTRIBUTE = 0x4a;
const FIRST_BYTES = 512;
const MAX_BYTES = 1 << 20;
const MAX_TEXT_CHARS = 4096;

/** The shared attributes, encoded after a certain span name and kind. */
interface EncodedWithTitle {
  readonly name: string;
  readonly kind: SpanKind;
  readonly encoded: Uint8Array;
}

/** A shared attributes object with which many spans are started: read and encoded once for all of them. */
export class EncodedAttributes {
  readonly list: FlatAttributes;
  #encoded: Uint8Array | undefined;
  #withTitle: EncodedWithTitle | undefined;

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

  /** Encoded as `Span.attributes` in protocol buffers. */
  get encoded(): Uint8Array {
    this.#encoded ??= encode((writer) => writeAttributes(writer, ATTRIBUTE, this.list));
    return this.#encoded;
  }

  /**
   * The attributes, encoded after a span's name and kind, which most spans with the same attributes share, too;
   * `undefined` if they differ from those of the first span.
   */
  encodedWithTitle(name: string, kind: SpanKind): Uint8Array | undefined {
    if (name.length > MAX_TEXT_CHARS) return undefined;
    const withTitle = this.#withTitle ?? this.#encodeWithTitle(name, kind);
    return withTitle.name === name && withTitle.kind === kind ? withTitle.encoded : undefined;
  }

  #encodeWithTitle(name: string, kind: SpanKind): EncodedWithTitle {
    const encoded = encode((writer) => {
      writeTitle(writer, name, kind);
      writeAttributes(writer, ATTRIBUTE, this.list);
    });
    this.#withTitle = { name, kind, encoded };
    return this.#withTitle;
  }
}

function encode(write: (writer: ProtobufWriter) => void): Uint8Array {
  const writer = new ProtobufWriter(FIRST_BYTES, MAX_BYTES);
  write(writer);
  return Uint8Array.prototype.slice.call(writer.bytes, 0, writer.position);
}

const known = new WeakMap<object, EncodedAttributes>();

/**
 * Returns the shared form of an object of attributes; `undefined` if the object may still change, if it has values
 * of other than primitive types, or if a limit applies.
 */
export function sharedOf(
  attributes: Readonly<Attributes>,
  limits: SpanLimits,
): EncodedAttributes | undefined {
  if (limits.attributeValueLength !== Number.POSITIVE_INFINITY) return undefined;
  const shared = known.get(attributes) ?? share(attributes);
  return shared !== undefined && shared.count <= limits.attributeCount ? shared : undefined;
}

function share(attributes: Readonly<Attributes>): EncodedAttributes | undefined {
  try {
    if (!isShared(attributes)) return undefined;
    const list: FlatAttributes = [];
    for (const [key, value] of Object.entries(attributes)) {
      if (key === '' || !isPlain(value)) return undefined;
      list.push(key, value);
    }
    const shared = new EncodedAttributes(list);
    known.set(attributes, shared);
    return shared;
  } catch {
    // A proxy or getter of the application threw.
    return undefined;
  }
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= MAX_TEXT_CHARS;
  return typeof value === 'number' || typeof value === 'boolean';
}

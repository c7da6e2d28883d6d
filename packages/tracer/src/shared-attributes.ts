import type { Attributes, SpanKind } from '@opentelemetry/api';
import type { FlatAttributes } from './attributes.ts';
import type { SpanLimits } from './limits.ts';
import { writeAttributes, writeTitle } from './otlp-attributes.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/** The tag of an attribute in a span. */
const ATTRIBUTE = 0x4a;
const FIRST_BYTES = 512;
const MOST_BYTES = 1 << 20;
const MAX_TEXT_CHARS = 4096;

/** Attributes behind the name and the kind of a span. */
interface Titled {
  readonly name: string;
  readonly kind: SpanKind;
  readonly encoded: Uint8Array;
}

/** A frozen object of attributes that many spans are started with: read and encoded once for all of them. */
export class SharedAttributes {
  readonly list: FlatAttributes;
  #encoded: Uint8Array | undefined;
  #titled: Titled | undefined;

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
    this.#encoded ??= encode((writer) => writeAttributes(writer, ATTRIBUTE, this.list));
    return this.#encoded;
  }

  /**
   * The same behind a span's name and kind, which most spans of such attributes have in common, too; `undefined`
   * for
   * those of another name than the first one's.
   */
  encodedBehind(name: string, kind: SpanKind): Uint8Array | undefined {
    if (name.length > MAX_TEXT_CHARS) return undefined;
    const titled = this.#titled ?? this.#title(name, kind);
    return titled.name === name && titled.kind === kind ? titled.encoded : undefined;
  }

  #title(name: string, kind: SpanKind): Titled {
    const encoded = encode((writer) => {
      writeTitle(writer, name, kind);
      writeAttributes(writer, ATTRIBUTE, this.list);
    });
    this.#titled = { name, kind, encoded };
    return this.#titled;
  }
}

function encode(write: (writer: ProtobufWriter) => void): Uint8Array {
  const writer = new ProtobufWriter(FIRST_BYTES, MOST_BYTES);
  write(writer);
  return Uint8Array.prototype.slice.call(writer.bytes, 0, writer.position);
}

const known = new WeakMap<object, SharedAttributes>();

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
  try {
    if (!Object.isFrozen(attributes)) return undefined;
    const list: FlatAttributes = [];
    for (const [key, value] of Object.entries(attributes)) {
      if (key === '' || !isPlain(value)) return undefined;
      list.push(key, value);
    }
    const shared = new SharedAttributes(list);
    known.set(attributes, shared);
    return shared;
  } catch {
    // A proxy or a getter of the application's.
    return undefined;
  }
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= MAX_TEXT_CHARS;
  return typeof value === 'number' || typeof value === 'boolean';
}

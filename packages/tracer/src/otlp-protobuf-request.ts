import type { Attributes } from '@opentelemetry/api';
import { writeAttribute } from './otlp-attributes.ts';
import type { ScopeSpans } from './otlp-format.ts';
import { ProtobufWriter, varintSize, writeText } from './protobuf-writer.ts';
import type { InstrumentationScope } from './sdk-interfaces.ts';

const FIRST_BYTES = 256;
const MAX_HEADER_BYTES = 1 << 24;

/** Assembles encoded spans into one ExportTraceServiceRequest. */
export function assemble(resource: Readonly<Attributes>, scopeSpans: readonly ScopeSpans[]): Uint8Array[] {
  const resourceBytes = messageOfAttributes(resource);
  const scopes = scopeSpans.map(({ scope, spans }) => {
    const head = scopeMessage(scope);
    const tail = scope.schemaUrl ? [textField(0x1a, scope.schemaUrl)] : [];
    return { head, spans, tail, size: fieldSize(head.length) + spans.length + (tail[0]?.length ?? 0) };
  });
  let size = fieldSize(resourceBytes.length);
  for (const scope of scopes) size += fieldSize(scope.size);
  const parts = [
    written((writer) => {
      writer.varint(0x0a);
      writer.varint(size);
      writer.varint(0x0a);
      writer.block(resourceBytes);
    }),
  ];
  for (const scope of scopes) {
    const head = written((writer) => {
      writer.varint(0x12);
      writer.varint(scope.size);
      writer.varint(0x0a);
      writer.block(scope.head);
    });
    parts.push(head, scope.spans, ...scope.tail);
  }
  return parts;
}

function fieldSize(contentSize: number): number {
  return 1 + varintSize(contentSize) + contentSize;
}

function messageOfAttributes(attributes: Readonly<Attributes>): Uint8Array {
  return written((writer) => {
    for (const [key, value] of Object.entries(attributes)) writeAttribute(writer, 0x0a, key, value);
  });
}

function scopeMessage({ name, version }: InstrumentationScope): Uint8Array {
  return written((writer) => {
    writeText(writer, 0x0a, name);
    if (version) writeText(writer, 0x12, version);
  });
}

function textField(tag: number, text: string): Uint8Array {
  return written((writer) => writeText(writer, tag, text));
}

function written(write: (writer: ProtobufWriter) => void): Uint8Array {
  const writer = new ProtobufWriter(FIRST_BYTES, MAX_HEADER_BYTES);
  write(writer);
  return writer.bytes.subarray(0, writer.position);
}

import type { Attributes } from '@opentelemetry/api';
import { writeAttribute } from './otlp-attributes.ts';
import { ProtobufWriter, varintSize, writeText } from './protobuf-writer.ts';
import type { InstrumentationScope } from './sdk-interfaces.ts';

const MAX_HEADER_BYTES = 1 << 24;
/** A sixteenth more than needed: full batches differ by a few bytes, and should fit into one another's memory. */
const ROOM_SHIFT = 4;

/** Joins what was written into one ExportTraceServiceRequest. */
export function assemble(
  resource: Readonly<Attributes>,
  lanes: readonly { readonly scope: InstrumentationScope; readonly spans: Uint8Array }[],
  spare?: Buffer,
): Buffer {
  const resourceBytes = messageOfAttributes(resource);
  const heads = lanes.map(({ scope }) => scopeMessage(scope));
  const tails = lanes.map(({ scope }) =>
    scope.schemaUrl ? textField(0x1a, scope.schemaUrl) : Buffer.alloc(0),
  );
  const sizes = lanes.map(({ spans }, i) => fieldSize(heads[i]!.length) + spans.length + tails[i]!.length);
  let size = fieldSize(resourceBytes.length);
  for (const laneSize of sizes) size += fieldSize(laneSize);
  const needed = fieldSize(size) + 8;
  const writer = new ProtobufWriter(
    spare !== undefined && spare.length >= needed ? spare : needed + (needed >>> ROOM_SHIFT),
    needed + 64,
  );
  writer.varint(0x0a);
  writer.varint(size);
  writer.varint(0x0a);
  writer.block(resourceBytes);
  for (const [i, { spans }] of lanes.entries()) {
    writer.varint(0x12);
    writer.varint(sizes[i]!);
    writer.varint(0x0a);
    writer.block(heads[i]!);
    writer.raw(spans);
    writer.raw(tails[i]!);
  }
  return writer.bytes.subarray(0, writer.position);
}

function fieldSize(contentSize: number): number {
  return 1 + varintSize(contentSize) + contentSize;
}

function messageOfAttributes(attributes: Readonly<Attributes>): Uint8Array {
  const writer = new ProtobufWriter(512, MAX_HEADER_BYTES);
  for (const [key, value] of Object.entries(attributes)) writeAttribute(writer, 0x0a, key, value);
  return writer.bytes.subarray(0, writer.position);
}

function scopeMessage(scope: InstrumentationScope): Uint8Array {
  const writer = new ProtobufWriter(128, MAX_HEADER_BYTES);
  writeText(writer, 0x0a, scope.name);
  if (scope.version) writeText(writer, 0x12, scope.version);
  return writer.bytes.subarray(0, writer.position);
}

function textField(tag: number, text: string): Uint8Array {
  const writer = new ProtobufWriter(128, MAX_HEADER_BYTES);
  writeText(writer, tag, text);
  return writer.bytes.subarray(0, writer.position);
}

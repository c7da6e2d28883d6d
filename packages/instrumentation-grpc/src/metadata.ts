import { Buffer } from 'node:buffer';
import { carriers } from '@clew/core';
import type { Attributes, TextMapGetter } from '@opentelemetry/api';
import type { Metadata } from './grpc.ts';

/** The values of entries with this ending are bytes. */
const BINARY = '-bin';

/** What servers accept by default in other languages. Source: https://grpc.io/docs/guides/metadata/ */
const MAX_BYTES = 8192;
/** The path, the authority, the timeout and what else the library adds. */
const RESERVED_BYTES = 1024;
/** The size of a trace context without a long trace state or baggage: for that, the metadata is not measured. */
const UNMEASURED_BYTES = 512;

const writer = {
  set: (metadata: Metadata, name: string, value: string) =>
    metadata.set(name, name.toLowerCase().endsWith(BINARY) ? Buffer.from(value, 'base64') : value),
  has: (metadata: Metadata, name: string) => metadata.get(name).length > 0,
  remove: (metadata: Metadata, name: string) => metadata.remove(name),
  names: (metadata: Metadata) => Object.keys(metadata.getMap()),
};

/** Writes context into a copy of the application's metadata. */
export const metadataWriter = carriers.boundedWriter<Metadata>(writer, {
  name: 'grpc-metadata',
  unmeasuredBytes: UNMEASURED_BYTES,
  availableBytes(metadata) {
    let bytes = RESERVED_BYTES;
    for (const name of writer.names(metadata))
      for (const value of metadata.get(name)) bytes += carriers.headerBytes(name, value.toString('latin1'));
    return MAX_BYTES - bytes;
  },
});

/** Reads the context of a request. An entry of bytes is given as bytes, as the format with such an entry expects. */
export const metadataGetter: TextMapGetter<Metadata> = {
  get(metadata, name) {
    const values = metadata.get(name) as readonly string[];
    return values.length > 1 ? [...values] : values[0];
  },
  keys: writer.names,
};

/** The entries that an option names; bytes as base64, as they are sent. */
export function capturedMetadata(
  prefix: string,
  names: readonly string[],
  metadata: Metadata | null | undefined,
): Attributes {
  const attributes: Attributes = {};
  if (metadata == null) return attributes;
  for (const name of names) {
    const values = metadata
      .get(name)
      .map((value) => (typeof value === 'string' ? value : value.toString('base64')));
    if (values.length > 0) attributes[`${prefix}${name.toLowerCase()}`] = values;
  }
  return attributes;
}

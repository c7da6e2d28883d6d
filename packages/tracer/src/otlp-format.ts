import type { Attributes } from '@opentelemetry/api';
import type { ProtobufWriter } from './protobuf-writer.ts';
import type { InstrumentationScope } from './sdk-interfaces.ts';
import type { SpanRecord } from './span-record.ts';

/** `bare`: without attributes, events and links, which are counted as dropped, and with texts cut. */
export type Extent = 'whole' | 'bare';

/** Characters of a text in a bare span. */
export const BARE_TEXT_CHARS = 1024;

/** The spans of a scope as they were written. */
export interface ScopeSpans {
  readonly scope: InstrumentationScope;
  readonly spans: Uint8Array;
}

/** Bytes of all parts of a body. */
export function lengthOf(body: readonly Uint8Array[]): number {
  return body.reduce((length, part) => length + part.length, 0);
}

/** One encoding of OTLP: spans are written as they end, and joined into a request later. */
export interface OtlpFormat {
  readonly contentType: string;
  /**
   * Appends one span to the spans of its scope, whole, or without all that has no bounds.
   * Throws `TOO_LARGE`, and may throw what the program's objects throw.
   */
  writeSpan(writer: ProtobufWriter, span: SpanRecord, extent: Extent): void;
  /**
   * Makes the body of a request, in parts that are to be sent one after the other: one resource, and the spans of each
   * scope, which are not copied.
   */
  assemble(resource: Readonly<Attributes>, lanes: readonly ScopeSpans[]): Uint8Array[];
}

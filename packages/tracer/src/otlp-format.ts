import type { Attributes } from '@opentelemetry/api';
import type { ProtobufWriter } from './protobuf-writer.ts';
import type { InstrumentationScope } from './sdk-interfaces.ts';
import type { SpanRecord } from './span-record.ts';

/** `bare`: without attributes, events and links, which are counted as dropped, and with strings cut. */
export type Extent = 'whole' | 'bare';

/** Maximum characters of a string in a bare span. */
export const BARE_TEXT_CHARS = 1024;

/** The encoded spans of one scope. */
export interface ScopeSpans {
  readonly scope: InstrumentationScope;
  readonly spans: Uint8Array;
}

/** Total bytes of a body's parts. */
export function lengthOf(body: readonly Uint8Array[]): number {
  return body.reduce((length, part) => length + part.length, 0);
}

/** An encoding of OTLP: spans are encoded as they end and assembled into a request later. */
export interface OtlpFormat {
  readonly contentType: string;
  /**
   * Appends one span to the spans of its scope; a bare one has a bounded size.
   * Throws `TOO_LARGE`, and anything that the application's objects throw.
   */
  writeSpan(writer: ProtobufWriter, span: SpanRecord, extent: Extent): void;
  /** Appends a span that was encoded as the first one of a writer. */
  writeEncoded(writer: ProtobufWriter, span: Uint8Array): void;
  /**
   * Builds the body of a request with one resource and the spans of each scope, as parts to be sent in this order.
   * The spans are not copied.
   */
  assemble(resource: Readonly<Attributes>, scopeSpans: readonly ScopeSpans[]): Uint8Array[];
}

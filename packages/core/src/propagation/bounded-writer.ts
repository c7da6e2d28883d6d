import { Buffer } from 'node:buffer';
import { countDropped } from './dropped.ts';
import type { CarrierWriter } from './inject.ts';

/** The capacity of a carrier. */
export interface CarrierBounds<Carrier> {
  /** The carrier's name in the counts of dropped headers: `environment`. */
  readonly name: string;
  /** The free bytes of a carrier, with its current content. */
  availableBytes(carrier: Carrier): number;
  /**
   * Bytes that are written before `availableBytes` is called, for carriers that are expensive to measure and whose
   * limit is not exact. Default 0.
   */
  readonly unmeasuredBytes?: number;
}

/** With less space than this, the whole context is left out: some of a format's headers without the others are useless. */
const MIN_BYTES = 512;

/**
 * Limits what a writer injects: headers that do not fit are left out and counted, so that the application's own message
 * is still accepted. `set` returns `false` for a header that it leaves out.
 */
export function boundedWriter<Carrier>(
  writer: CarrierWriter<Carrier>,
  bounds: CarrierBounds<Carrier>,
): CarrierWriter<Carrier> {
  const { name: carrierName, unmeasuredBytes = 0 } = bounds;
  // The state of the current injection: an injection is synchronous.
  let bytesLeft = 0;
  let isMeasured = true;
  return {
    ...(writer.isEmpty && { isEmpty: writer.isEmpty.bind(writer) }),
    has: (carrier, name) => writer.has(carrier, name),
    remove: (carrier, name) => writer.remove(carrier, name),
    names: (carrier) => writer.names(carrier),
    begin(carrier) {
      isMeasured = unmeasuredBytes === 0;
      bytesLeft = isMeasured ? bounds.availableBytes(carrier) : unmeasuredBytes;
      if (!isMeasured || bytesLeft >= MIN_BYTES) return true;
      countDropped(carrierName, 'outgoing context does not fit');
      return false;
    },
    set(carrier, name, value) {
      const bytes = headerBytes(name, value);
      if (bytes > bytesLeft && !isMeasured) {
        isMeasured = true;
        bytesLeft = bounds.availableBytes(carrier);
      }
      if (bytes > bytesLeft) {
        countDropped(carrierName, 'outgoing header does not fit');
        return false;
      }
      bytesLeft -= bytes;
      return writer.set(carrier, name, value);
    },
  };
}

/** An upper bound of what protocols add to a header's name and value: lengths, types, separators, pointers. */
const OVERHEAD_BYTES = 16;

/** The bytes that a header takes in any carrier, rounded up. */
export function headerBytes(name: string, value: string): number {
  return OVERHEAD_BYTES + textBytes(name) + textBytes(value);
}

/** The bytes of a text in UTF-8: rounded up for a short text, exact for one of more than 64 characters. */
export function textBytes(text: string): number {
  return text.length <= 64 ? 3 * text.length : Buffer.byteLength(text);
}

import { Buffer } from 'node:buffer';
import { countDropped } from './dropped.ts';
import type { CarrierWriter } from './inject.ts';

/** How much a carrier takes. */
export interface CarrierBounds<Carrier> {
  /** Names the carrier where dropped headers are counted: `environment`. */
  readonly name: string;
  /** The bytes that are left in a carrier, with what it holds already. */
  room(carrier: Carrier): number;
  /**
   * Bytes that are written before `room` is called: for carriers that are expensive to measure and whose bound is
   * not exact. Default 0.
   */
  readonly unmeasuredBytes?: number;
}

/** With less room than this, all of a context is left out: half of a format's headers mean nothing. */
const LEAST_BYTES = 512;

/**
 * Bounds what is injected through a writer: what does not fit is left out and counted, so that the application's own
 * message is sent as it would have been. `set` returns `false` for a header that it leaves out.
 */
export function boundedWriter<Carrier>(
  writer: CarrierWriter<Carrier>,
  bounds: CarrierBounds<Carrier>,
): CarrierWriter<Carrier> {
  const { name: carrierName, unmeasuredBytes = 0 } = bounds;
  // Of the current injection: it is synchronous.
  let bytesLeft = 0;
  let isMeasured = true;
  return {
    ...(writer.isEmpty && { isEmpty: writer.isEmpty.bind(writer) }),
    has: (carrier, name) => writer.has(carrier, name),
    remove: (carrier, name) => writer.remove(carrier, name),
    names: (carrier) => writer.names(carrier),
    begin(carrier) {
      isMeasured = unmeasuredBytes === 0;
      bytesLeft = isMeasured ? bounds.room(carrier) : unmeasuredBytes;
      if (!isMeasured || bytesLeft >= LEAST_BYTES) return true;
      countDropped(carrierName, 'outgoing context without room');
      return false;
    },
    set(carrier, name, value) {
      const bytes = headerBytes(name, value);
      if (bytes > bytesLeft && !isMeasured) {
        isMeasured = true;
        bytesLeft = bounds.room(carrier);
      }
      if (bytes > bytesLeft) {
        countDropped(carrierName, 'outgoing header without room');
        return false;
      }
      bytesLeft -= bytes;
      return writer.set(carrier, name, value);
    },
  };
}

/** What any protocol adds to a header's name and value: lengths, types, separators, pointers. */
const OVERHEAD_BYTES = 16;

/** At least the bytes that a header takes in any carrier. */
export function headerBytes(name: string, value: string): number {
  return OVERHEAD_BYTES + textBytes(name) + textBytes(value);
}

/** At least the bytes of a text in UTF-8; exact for long texts. */
export function textBytes(text: string): number {
  return text.length <= 64 ? 3 * text.length : Buffer.byteLength(text);
}

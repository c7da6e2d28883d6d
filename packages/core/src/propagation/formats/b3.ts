import type { TextMapGetter } from '@opentelemetry/api';
import type { Extraction, TraceFormat } from '../format.ts';
import { B3_HEADERS, readB3Headers, writeB3Headers } from './b3-multi-header.ts';
import { B3_HEADER, b3HeaderOf, readB3Header } from './b3-single-header.ts';

/** Either encoding replaces the other: a peer may read both. */
const FIELDS = [B3_HEADER, ...B3_HEADERS];

/** B3, written as one header. Source: https://github.com/openzipkin/b3-propagation */
export const b3: TraceFormat = {
  name: 'b3',
  fields: FIELDS,
  extract: readEither,
  inject(outgoing, carrier, setter) {
    setter.set(carrier, B3_HEADER, b3HeaderOf(outgoing));
  },
};

/** B3, written as one header for each field. Source: https://github.com/openzipkin/b3-propagation */
export const b3Multi: TraceFormat = {
  name: 'b3multi',
  fields: FIELDS,
  extract: readEither,
  inject: writeB3Headers,
};

/**
 * Both names of `OTEL_PROPAGATORS` read both encodings, the single header first.
 * Source: https://opentelemetry.io/docs/specs/otel/context/api-propagators/#b3-requirements
 */
function readEither<C>(carrier: C, getter: TextMapGetter<C>): Extraction | undefined {
  return readB3Header(carrier, getter) ?? readB3Headers(carrier, getter);
}

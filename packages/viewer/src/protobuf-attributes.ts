import { type Budget, MAX_VALUE_DEPTH, OtlpError, setAttribute } from './otlp-limits.ts';
import type { ProtobufReader } from './protobuf-reader.ts';
import type { Attributes, AttributeValue } from './span-record.ts';

// Field numbers: https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto

type Writable = { [key: string]: AttributeValue };

/** Decodes one KeyValue into `attributes`. */
export function readKeyValue(
  reader: ProtobufReader,
  attributes: Attributes,
  budget: Budget,
  depth = 0,
): void {
  budget.spend();
  let key = '';
  let value: AttributeValue = null;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) key = reader.string();
    else if (field === 2) value = readAnyValue(reader.message(), budget, depth);
    else reader.skip();
  }
  setAttribute(attributes as Writable, key, value);
}

/** Decodes an AnyValue. */
export function readAnyValue(reader: ProtobufReader, budget: Budget, depth: number): AttributeValue {
  if (depth > MAX_VALUE_DEPTH) throw new OtlpError(`an attribute is nested deeper than ${MAX_VALUE_DEPTH}`);
  let value: AttributeValue = null;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) value = reader.string();
    else if (field === 2) value = reader.uint32() !== 0;
    else if (field === 3) value = toNumber(reader.int64());
    else if (field === 4) value = reader.double();
    else if (field === 5) value = readArray(reader.message(), budget, depth + 1);
    else if (field === 6) value = readMap(reader.message(), budget, depth + 1);
    else if (field === 7) value = reader.bytes();
    else reader.skip();
  }
  return value;
}

function readArray(reader: ProtobufReader, budget: Budget, depth: number): AttributeValue {
  const values: AttributeValue[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) {
      budget.spend();
      values.push(readAnyValue(reader.message(), budget, depth));
    } else reader.skip();
  }
  return values;
}

function readMap(reader: ProtobufReader, budget: Budget, depth: number): AttributeValue {
  const map: Writable = {};
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) readKeyValue(reader.message(), map, budget, depth);
    else reader.skip();
  }
  return map;
}

/** A number if that is exact, otherwise a bigint. */
export function toNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

import { type Budget, MAX_VALUE_DEPTH, OtlpError, setAttribute } from './otlp-limits.ts';
import { toNumber } from './protobuf-attributes.ts';
import type { Attributes, AttributeValue } from './span-record.ts';

// Differences from standard proto3 JSON (ids in hex, enums as numbers):
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding

/** A parsed JSON object, not validated. */
export type Json = { readonly [key: string]: unknown };

/** Parses the body of a request. Throws OtlpError. */
export function parseRequest(body: Buffer): Json {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new OtlpError('malformed JSON');
  }
  if (value === null || typeof value !== 'object') throw new OtlpError('malformed OTLP: expected an object');
  return object(value, 'request');
}

/** Decodes a list of KeyValues. */
export function attributesOf(value: unknown, budget: Budget, depth: number): Attributes {
  const attributes: { [key: string]: AttributeValue } = {};
  for (const item of array(value, 'attributes')) {
    budget.spend();
    const pair = object(item, 'attribute');
    setAttribute(attributes, text(pair.key), anyValue(object(pair.value, 'value'), budget, depth));
  }
  return attributes;
}

/** Decodes an AnyValue. */
export function anyValue(json: Json, budget: Budget, depth: number): AttributeValue {
  if (depth > MAX_VALUE_DEPTH) throw new OtlpError(`an attribute is nested deeper than ${MAX_VALUE_DEPTH}`);
  if (json.stringValue !== undefined) return text(json.stringValue);
  if (json.boolValue !== undefined) return json.boolValue === true;
  if (json.intValue !== undefined) return toNumber(BigInt.asIntN(64, integer(json.intValue)));
  if (json.doubleValue !== undefined) return Number(json.doubleValue);
  if (json.bytesValue !== undefined) return new Uint8Array(Buffer.from(text(json.bytesValue), 'base64'));
  if (json.kvlistValue !== undefined) {
    return attributesOf(object(json.kvlistValue, 'kvlistValue').values, budget, depth + 1);
  }
  if (json.arrayValue === undefined) return null;
  return array(object(json.arrayValue, 'arrayValue').values, 'values').map((item) => {
    budget.spend();
    return anyValue(object(item, 'value'), budget, depth + 1);
  });
}

/** The message in a field; an absent or null field is an empty message. */
export function object(value: unknown, field: string): Json {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new OtlpError(`malformed OTLP: expected an object in ${field}`);
  return value as Json;
}

export function array(value: unknown, field: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new OtlpError(`malformed OTLP: expected an array in ${field}`);
  return value;
}

export function text(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string')
    throw new OtlpError(`malformed OTLP: expected a string, got ${typeof value}`);
  return value;
}

export function hex(value: unknown): string {
  const digits = text(value);
  return /^[0-9a-f]*$/i.test(digits) ? digits.toLowerCase() : '';
}

/** 64-bit integers are decimal strings or numbers. */
function integer(value: unknown): bigint {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  // Longer strings are rejected: BigInt() takes quadratic time.
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  throw new OtlpError('malformed OTLP: expected a 64-bit integer');
}

export function nanoseconds(value: unknown): bigint {
  return value === undefined || value === null ? 0n : BigInt.asUintN(64, integer(value));
}

export function count(value: unknown): number {
  return value === undefined || value === null ? 0 : Number(BigInt.asUintN(32, integer(value)));
}

export function enumerated<Name extends string>(
  value: unknown,
  names: readonly Name[],
  prefix: string,
): Name {
  // OTLP requires numbers; proto3 JSON libraries send names.
  const found = typeof value === 'number' ? names[value] : names.find((name) => prefix + name === value);
  return found ?? (names[0] as Name);
}

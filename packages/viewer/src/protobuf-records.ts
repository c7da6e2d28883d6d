import type { Budget } from './otlp-limits.ts';
import { readKeyValue } from './protobuf-attributes.ts';
import { ProtobufReader } from './protobuf-reader.ts';
import type { Resource, Scope } from './span-record.ts';

// The requests of all signals consist of resources, their scopes, and the records of these, in fields of the same numbers.

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Decodes one record; `undefined` for one with invalid ids. */
export type ReadRecord<T> = (
  reader: ProtobufReader,
  resource: Resource,
  scope: Scope,
  budget: Budget,
) => T | undefined;

/** Yields the records of a request. Throws OtlpError while iterating. */
export function* protobufRecords<T>(
  body: Buffer,
  read: ReadRecord<T>,
  budget: Budget,
): Generator<T | undefined> {
  for (const found of messages(new ProtobufReader(body), 1)) yield* ofResource(found, read, budget);
}

/** Counts the records of a request without decoding them. Throws OtlpError. */
export function countRecords(body: Buffer): number {
  let count = 0;
  for (const resource of messages(new ProtobufReader(body), 1))
    for (const scope of messages(resource, 2)) for (const _ of messages(scope, 2)) count++;
  return count;
}

function* ofResource<T>(
  reader: ProtobufReader,
  read: ReadRecord<T>,
  budget: Budget,
): Generator<T | undefined> {
  // Protobuf allows the resource to follow its records.
  const resource: Mutable<Resource> = { attributes: {} };
  for (const found of messages(reader.copy(), 1)) readResource(found, resource, budget);
  for (const found of messages(reader, 2)) yield* ofScope(found, read, resource, budget);
}

function readResource(reader: ProtobufReader, resource: Mutable<Resource>, budget: Budget): void {
  for (const found of messages(reader, 1)) readKeyValue(found, resource.attributes, budget);
}

function* ofScope<T>(
  reader: ProtobufReader,
  read: ReadRecord<T>,
  resource: Resource,
  budget: Budget,
): Generator<T | undefined> {
  const scope: Mutable<Scope> = { name: '', version: '', attributes: {} };
  for (const found of messages(reader.copy(), 1)) readScope(found, scope, budget);
  for (const found of messages(reader, 2)) yield read(found, resource, scope, budget);
}

/** Yields the messages in the fields with this number; skips other fields. */
function* messages(reader: ProtobufReader, wanted: number): Generator<ProtobufReader> {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === wanted) yield reader.message();
    else reader.skip();
  }
}

function readScope(reader: ProtobufReader, scope: Mutable<Scope>, budget: Budget): void {
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) scope.name = reader.string();
    else if (field === 2) scope.version = reader.string();
    else if (field === 3) readKeyValue(reader.message(), scope.attributes, budget);
    else reader.skip();
  }
}

import { array, attributesOf, type Json, object, text } from './json-fields.ts';
import type { Budget } from './otlp-limits.ts';
import type { Resource, Scope } from './span-record.ts';

/** The names of the lists in a request of one signal. */
export interface RecordNames {
  readonly resources: string;
  readonly scopes: string;
  readonly records: string;
}

/** Decodes one record; `undefined` for one with invalid ids. */
export type ReadJsonRecord<T> = (
  json: Json,
  resource: Resource,
  scope: Scope,
  budget: Budget,
) => T | undefined;

/** Yields the records of a request in JSON. Throws OtlpError while iterating. */
export function* jsonRecords<T>(
  request: Json,
  names: RecordNames,
  read: ReadJsonRecord<T>,
  budget: Budget,
): Generator<T | undefined> {
  for (const { resourceItem, scopeItem, records } of scopes(request, names)) {
    const scope = readScope(object(scopeItem.scope, 'scope'), budget);
    const resource = sharedResource(resourceItem, budget);
    for (const item of records) yield read(object(item, names.records), resource, scope, budget);
  }
}

/** Counts the records of a request in JSON. Throws OtlpError. */
export function countJsonRecords(request: Json, names: RecordNames): number {
  let count = 0;
  for (const { records } of scopes(request, names)) count += records.length;
  return count;
}

const resources = new WeakMap<Json, Resource>();

function sharedResource(resourceItem: Json, budget: Budget): Resource {
  let resource = resources.get(resourceItem);
  if (resource === undefined) {
    resource = { attributes: attributesOf(object(resourceItem.resource, 'resource').attributes, budget, 0) };
    resources.set(resourceItem, resource);
  }
  return resource;
}

function* scopes(
  request: Json,
  names: RecordNames,
): Generator<{ resourceItem: Json; scopeItem: Json; records: readonly unknown[] }> {
  for (const item of array(request[names.resources], names.resources)) {
    const resourceItem = object(item, names.resources);
    for (const inner of array(resourceItem[names.scopes], names.scopes)) {
      const scopeItem = object(inner, names.scopes);
      yield { resourceItem, scopeItem, records: array(scopeItem[names.records], names.records) };
    }
  }
}

function readScope(json: Json, budget: Budget): Scope {
  return {
    name: text(json.name),
    version: text(json.version),
    attributes: attributesOf(json.attributes, budget, 0),
  };
}

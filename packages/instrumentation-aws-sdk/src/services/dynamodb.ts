import { ATTR } from '@clew/core/plugin';
import type { Attributes } from '@opentelemetry/api';
import { type Fields, known, textOf } from '../sdk.ts';
import type { Service } from '../service.ts';

/**
 * Tables, indexes and counts; never keys, items or expressions with their values.
 * Source: https://opentelemetry.io/docs/specs/semconv/db/dynamodb/
 */
export const dynamodb: Service = {
  request(input, method) {
    const tables = tablesOf(input);
    return known({
      [ATTR.dbSystemName]: 'aws.dynamodb',
      [ATTR.dbOperationName]: method,
      [ATTR.dbCollectionName]: tables.length === 1 ? tables[0] : undefined,
      [ATTR.dbOperationBatchSize]: batchSizeOf(input),
      'aws.dynamodb.table_names': tables,
      'aws.dynamodb.consistent_read': input.ConsistentRead,
      'aws.dynamodb.index_name': input.IndexName,
      'aws.dynamodb.limit': input.Limit,
      'aws.dynamodb.scan_forward': input.ScanIndexForward,
      'aws.dynamodb.segment': input.Segment,
      'aws.dynamodb.total_segments': input.TotalSegments,
      'aws.dynamodb.select': input.Select,
    });
  },
  response(output): Attributes {
    return known({
      'aws.dynamodb.count': output.Count,
      'aws.dynamodb.scanned_count': output.ScannedCount,
      'aws.dynamodb.table_count': Array.isArray(output.TableNames) ? output.TableNames.length : undefined,
      [ATTR.dbResponseReturnedRows]: output.Count,
    });
  },
};

function tablesOf({ TableName, RequestItems, TransactItems }: Fields): string[] {
  const table = textOf(TableName);
  if (table !== undefined) return [table];
  if (isObject(RequestItems)) return Object.keys(RequestItems);
  if (!Array.isArray(TransactItems)) return [];
  const found = new Set<string>();
  for (const item of TransactItems as readonly unknown[]) {
    for (const part of isObject(item) ? Object.values(item) : []) {
      const name = isObject(part) ? textOf((part as Fields).TableName) : undefined;
      if (name !== undefined) found.add(name);
    }
  }
  return [...found];
}

/** The conventions want it only for a batch of two or more. */
function batchSizeOf({ RequestItems, TransactItems }: Fields): number | undefined {
  let size = Array.isArray(TransactItems) ? TransactItems.length : 0;
  for (const request of isObject(RequestItems) ? Object.values(RequestItems) : []) {
    const items: unknown = isObject(request) && 'Keys' in request ? request.Keys : request;
    if (Array.isArray(items)) size += items.length;
  }
  return size > 1 ? size : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

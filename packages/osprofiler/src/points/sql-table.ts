import type { Point } from './point.ts';

/** The columns of OSProfiler's table, in the order of `rowOf`. */
export const COLUMNS = [
  'timestamp',
  'base_id',
  'parent_id',
  'trace_id',
  'project',
  'host',
  'service',
  'name',
  'data',
] as const;

/** A row of the table. OSProfiler stores the rest of a point as a text, which the type of the column encodes again. */
export function rowOf(point: Point): readonly (string | null)[] {
  const { timestamp, base_id, parent_id, trace_id, project, service, name, info } = point;
  const data = JSON.stringify(JSON.stringify({ info }));
  return [timestamp, base_id, parent_id, trace_id, project, info.host, service, name, data];
}

/** The definitions of all columns but `id`, and the names of the indexes with their column. */
export const DEFINITIONS = COLUMNS.map((column) => [column, typeOf(column)] as const);
export const INDEXES = COLUMNS.filter((column) => column !== 'data').map(
  (column) => [`ix_data_${column}`, column] as const,
);

function typeOf(column: (typeof COLUMNS)[number]): string {
  if (column === 'data') return 'JSON';
  return column === 'timestamp' ? 'VARCHAR(26)' : 'VARCHAR(255)';
}

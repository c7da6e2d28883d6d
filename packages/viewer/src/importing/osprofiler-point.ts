import { ImportError, type Json, objectIn, shown } from './imported-span.ts';

/** A trace point of OSProfiler, validated. Two points, start and stop, are a span. */
export interface Point {
  /** `wsgi-start`, `db-stop` */
  readonly name: string;
  /** The id of the trace. */
  readonly base_id: string;
  /** The id of the span, despite its name. */
  readonly trace_id: string;
  /** The id of the parent span; the root has the id of the trace here. */
  readonly parent_id?: string;
  /** `2026-01-31T12:00:00.000001`, in UTC */
  readonly timestamp: string;
  readonly info: Json;
  readonly project?: string;
  readonly service?: string;
}

/** The text of a longer point is not read. Those of real services have a few thousand characters. */
export const MAX_POINT_CHARS = 1024 * 1024;
/** The length of a column in OSProfiler's own table. */
const MAX_CHARS = 255;
const MAX_DEPTH = 32;
const TIME = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?$/;

/** Validates a point. Throws ImportError. */
export function pointIn(value: unknown): Point {
  const point = objectIn(value, 'point');
  const { name, base_id, trace_id, timestamp, parent_id, project, service } = point;
  if (!isShort(name) || !isShort(base_id) || !isShort(trace_id) || !/-(start|stop)$/.test(name))
    throw new ImportError(
      `expected a point with name, base_id and trace_id, got name ${shown(name)}, base_id ${shown(base_id)}, trace_id ${shown(trace_id)}`,
    );
  if (typeof timestamp !== 'string' || nanoseconds(timestamp) === undefined)
    throw new ImportError(`expected a time such as 2026-01-31T12:00:00.000001, got ${shown(timestamp)}`);
  const info = objectIn(point.info ?? {}, 'info');
  if (isDeeperThan(MAX_DEPTH, info)) throw new ImportError(`expected info of at most ${MAX_DEPTH} levels`);
  return {
    name,
    base_id,
    trace_id,
    timestamp,
    info,
    ...(isShort(parent_id) && { parent_id }),
    ...(isShort(project) && { project }),
    ...(isShort(service) && { service }),
  };
}

/** The time of a point. Microseconds are the finest that OSProfiler writes; its times have no zone and are in UTC. */
export function timeOf({ timestamp }: Point): bigint {
  return nanoseconds(timestamp) ?? 0n;
}

function nanoseconds(timestamp: string): bigint | undefined {
  const [, date, fraction = ''] = TIME.exec(timestamp) ?? [];
  const millis = Date.parse(`${date?.replace(' ', 'T')}Z`);
  return millis >= 0 ? BigInt(millis) * 1_000_000n + BigInt(fraction.padEnd(9, '0')) : undefined;
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_CHARS;
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeperThan(levels - 1, each));
}

import { hostname } from 'node:os';
import { originals } from '@clew/core/internal';
import type { HrTime } from '@opentelemetry/api';
import type { EndedSpan } from './ended-span.ts';
import { describeAsPoint, type PointInfo } from './point-description.ts';
import type { PointIds } from './point-ids.ts';

/** A trace point as OSProfiler stores it. */
export interface Point extends PointIds {
  /** The operation, followed by `-start` or `-stop`. */
  readonly name: string;
  /** UTC without a zone, with six digits of a second: `2026-11-22T12:06:14.536755`. */
  readonly timestamp: string;
  /** Details of the operation; `host` is the name of this computer. */
  readonly info: PointInfo & { readonly host: string };
  readonly project: string | null;
  readonly service: string | null;
}

/** What all points of a process say about it; `undefined` is taken from the resource. */
export interface PointOrigin {
  readonly project: string | undefined;
  readonly service: string | undefined;
}

const host = hostname();

/** The two points of a span. */
export function pointsOf(span: EndedSpan, ids: PointIds, origin: PointOrigin): readonly [Point, Point] {
  const { name, start, stop } = describeAsPoint(span);
  const { attributes } = span.resource;
  const ends = {
    project: origin.project ?? labelOf(attributes['service.namespace']),
    service: origin.service ?? labelOf(attributes['service.name']),
  };
  const point = (end: 'start' | 'stop', time: HrTime, info: PointInfo): Point => ({
    name: `${name}-${end}`,
    ...ids,
    timestamp: timestampOf(time),
    info: { ...info, host },
    ...ends,
  });
  return [point('start', span.startTime, start), point('stop', span.endTime, stop)];
}

/** OSProfiler's command fails on any other form of a time. */
export function timestampOf([seconds, nanoseconds]: HrTime): string {
  const micros = String(Math.floor(nanoseconds / 1000)).padStart(6, '0');
  return `${originals.isoTime(seconds * 1000).slice(0, 19)}.${micros}`;
}

function labelOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, 255) : null;
}

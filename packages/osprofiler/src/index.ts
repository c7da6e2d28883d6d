export { type OsloEnvelopeOptions, osloEnvelope, osloEnvelopeFromEnvironment } from './oslo-envelope.ts';
export {
  type OsprofilerFormatOptions,
  osprofilerFormat,
  osprofilerFormatFromEnvironment,
} from './osprofiler-format.ts';
export {
  type OsprofilerPoints,
  type OsprofilerPointsOptions,
  osprofilerPoints,
  osprofilerPointsFromEnvironment,
} from './points/osprofiler-points.ts';
export type { Point } from './points/point.ts';
export type { PointDropCause, PointStats } from './points/point-queue.ts';
export type { PointStore } from './points/point-store.ts';
export { spanIdOfUuid, traceIdOfUuid, uuidOfSpanId, uuidOfTraceId } from './uuids.ts';

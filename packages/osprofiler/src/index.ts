export { type OsloEnvelopeOptions, osloEnvelope, osloEnvelopeFromEnvironment } from './oslo-envelope.ts';
export {
  type OsprofilerFormatOptions,
  osprofilerFormat,
  osprofilerFormatFromEnvironment,
} from './osprofiler-format.ts';
export { spanIdOfUuid, traceIdOfUuid, uuidOfSpanId, uuidOfTraceId } from './uuids.ts';

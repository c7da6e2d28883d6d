export { type OsloEnvelopeOptions, osloEnvelope, osloEnvelopeFromEnvironment } from './oslo-envelope.ts';
export { type OsprofilerFormatOptions, osprofilerFormat } from './osprofiler-format.ts';
export { spanIdOfUuid, traceIdOfUuid, uuidOfSpanId, uuidOfTraceId } from './uuids.ts';

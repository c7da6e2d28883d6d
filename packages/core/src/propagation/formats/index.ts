import type { TraceFormat } from '../format.ts';
import { b3, b3Multi } from './b3.ts';
import { datadog } from './datadog.ts';
import { elastic } from './elastic.ts';
import { gcp } from './gcp.ts';
import { jaeger } from './jaeger.ts';
import { opencensusBinary } from './opencensus-binary.ts';
import { otTrace } from './ot-trace.ts';
import { sentry } from './sentry.ts';
import { w3cTraceContext } from './w3c-trace-context.ts';
import { xray } from './xray.ts';

/**
 * The wire formats by their names in `OTEL_PROPAGATORS` and `init({ propagation })`, which are OpenTelemetry's where it
 * has one. `w3c` is an alias of `tracecontext`, `grpc-trace-bin` of `opencensus-binary`.
 */
export const TRACE_FORMATS: ReadonlyMap<string, TraceFormat> = new Map([
  [w3cTraceContext.name, w3cTraceContext],
  [b3.name, b3],
  [b3Multi.name, b3Multi],
  [jaeger.name, jaeger],
  [xray.name, xray],
  [otTrace.name, otTrace],
  [datadog.name, datadog],
  [gcp.name, gcp],
  [opencensusBinary.name, opencensusBinary],
  [elastic.name, elastic],
  [sentry.name, sentry],
  ['w3c', w3cTraceContext],
  ['grpc-trace-bin', opencensusBinary],
]);

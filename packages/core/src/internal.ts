// Between the packages of Clew only: no promises are made about these names.

export { abortReason } from './cancellation.ts';
export { emitterContext } from './context/emitter-context.ts';
export { expectFit, show } from './kit/expect-fit.ts';
export { guard, reportFailure } from './kit/failures.ts';
export { isPromise } from './kit/is-promise.ts';
export { madeOf } from './kit/made-of.ts';
export { claim, release } from './kit/one-per-process.ts';
export { type OptionKinds, type OptionSource, resolveOptions } from './kit/options.ts';
export * as originals from './kit/originals.ts';
export { finishPendingEnds } from './kit/pending-ends.ts';
export { remembered } from './kit/remembered.ts';
export { reportSecondTracer } from './kit/second-tracer.ts';
export { isModuleTarget } from './kit/target.ts';
export { ThrottledWarnings } from './kit/throttled-warnings.ts';
export { onFirstCall } from './kit/tracing-channel.ts';
export { currentContext } from './operation.ts';
export { boundedWriter, type CarrierBounds, headerBytes, textBytes } from './propagation/bounded-writer.ts';
export { environmentName } from './propagation/carriers/environment.ts';
export { DESTINATIONS_EXPECTED, isDestinations } from './propagation/destinations.ts';
export { countDropped } from './propagation/dropped.ts';
export { joined, single, type TraceparentWriter, WRITE_TRACEPARENT } from './propagation/format.ts';
export { traceStateText } from './propagation/formats/w3c-trace-state.ts';
export { type Incoming, incomingOf, withIncoming } from './propagation/incoming.ts';
export { type CarrierWriter, injectFresh } from './propagation/inject.ts';
export { type PropagationPolicy, propagationPolicy, setPropagationPolicy } from './propagation/policy.ts';
export {
  isSigned,
  maySignTrace,
  TRACE_ORIGIN,
  type TraceOrigin,
  trackProvenance,
  withSigned,
} from './propagation/provenance.ts';
export { isValid, KnownSpanContext, RemoteSpanContext } from './propagation/span-context.ts';
export { applyTrust, isTrustOption, TRUST_EXPECTED } from './propagation/trust.ts';
export { exceptionType, recordError } from './record-error.ts';
export { ENVELOPES_EXPECTED, isEnvelopes, readEnvelope } from './templates/rpc-envelope.ts';
export { serverRequestOf, withServerRequest } from './templates/server-request.ts';
export { readSql, type SqlReading } from './templates/sql.ts';

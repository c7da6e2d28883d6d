// Between the packages of Clew only: no promises are made about these names.

export { DetachedScope } from './context/detached-scope.ts';
// Also here, for the tracer: the entry for applications has an export that loads late, so V8 reads all of them slowly.
export { isTracingSuppressed } from './context/suppression.ts';
export { DESCRIBE_LATER, type DescribedLater } from './describe-later.ts';
export {
  type Bundle,
  type BundledModule,
  type BundledPlugin,
  bundle,
  watchBundled,
} from './kit/bundled-modules.ts';
export { cutText } from './kit/cut-text.ts';
export { expectFit, show } from './kit/expect-fit.ts';
export { guard, reportFailure } from './kit/failures.ts';
export { type HandlerVariables, handlerPlace } from './kit/handler-file.ts';
export { expectNoPackage, handlerHook } from './kit/handler-hook.ts';
export { isHeaderName, isHeaderValue } from './kit/header-rule.ts';
export { moduleHook } from './kit/module-hook.ts';
export { claim, release } from './kit/one-per-process.ts';
export { type OptionKinds, resolveOptions, splitList } from './kit/options.ts';
export * as originals from './kit/originals.ts';
export { finishPendingEnds } from './kit/pending-ends.ts';
export { reportSecondTracer } from './kit/second-tracer.ts';
export { isHandlerTarget, isModuleTarget } from './kit/target.ts';
export { ThrottledWarnings } from './kit/throttled-warnings.ts';
export { onFirstCall } from './kit/tracing-channel.ts';
export {
  DECIDE_LOCAL_ROOT,
  type LocalRoot,
  type LocalRootDecision,
  type LocalRootEnd,
  type LocalRootSampler,
  type PendingDecision,
} from './local-root-sampler.ts';
export { option } from './namespaces/option.ts';
export { currentContext } from './operation.ts';
export { countDropped } from './propagation/dropped.ts';
export { single } from './propagation/format.ts';
export { isMarkedDebug } from './propagation/formats/debug-mark.ts';
export { emptyTraceState, traceStateText } from './propagation/formats/w3c-trace-state.ts';
export { type Incoming, incomingOf, withIncoming } from './propagation/incoming.ts';
export { type PropagationDefaults, setPropagationDefaults } from './propagation/propagation-defaults.ts';
export {
  isSigned,
  TRACE_ORIGIN,
  type TraceOrigin,
  trackProvenance,
} from './propagation/provenance.ts';
export { isValid, KnownSpanContext, RemoteSpanContext } from './propagation/span-context.ts';
export { type TraceparentWriter, WRITE_TRACEPARENT } from './propagation/traceparent-writer.ts';
export { applyTrust } from './propagation/trust.ts';
export { exceptionType, recordError } from './record-error.ts';
export { NOTE_ROUTE, type RouteObserver } from './route-observer.ts';
export { ATTR } from './semconv.ts';
export { isShared, type SharedAttributes, shareAttributes } from './shared-attributes.ts';
export { needHostAtStart } from './templates/host-at-start.ts';
export { labeller } from './templates/labeller.ts';
export { currentIdFields } from './templates/log-fields.ts';
export { serverRequestOf, withServerRequest } from './templates/server-request.ts';

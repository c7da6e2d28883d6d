export { abortReason, isCancellation } from './cancellation.ts';
export { AsyncContextManager } from './context/async-context-manager.ts';
export { bind } from './context/bind.ts';
export { rootContext } from './context/context.ts';
export {
  emitAlwaysIn,
  emitInOwnContext,
  emitterContext,
  onEmitterClose,
  setEmitterContext,
} from './context/emitter-context.ts';
export { contextOfMessage, setMessageContext } from './context/message-context.ts';
export { type Envelope, openMessage, wrapMessage } from './context/message-envelope.ts';
export { carryToChild, carryToWorker, contextFromEnvironment } from './context/process-environment.ts';
export { StackContextManager } from './context/stack-context-manager.ts';
export { StrictContextManager, type StrictOptions } from './context/strict-context-manager.ts';
export type { ContextProblem, ContextProblemKind } from './context/strict-report.ts';
export { isTracingSuppressed, suppressTracing, unsuppressTracing } from './context/suppression.ts';
export { TaskCarrier } from './context/task-carrier.ts';
export { begin, currentContext, Exchange } from './exchange.ts';
export {
  type ClewInstrumentation,
  defineInstrumentation,
  type GivenOptions,
  type InstrumentationClass,
  type InstrumentationDefinition,
} from './kit/define-instrumentation.ts';
export { guard, sayOnce } from './kit/failures.ts';
export { isPromise } from './kit/is-promise.ts';
export { madeOf } from './kit/made-of.ts';
export { observePromise } from './kit/observe-promise.ts';
export { claim, release } from './kit/one-per-process.ts';
export {
  flag,
  hook,
  listOf,
  matchesAny,
  numberIn,
  type OptionKind,
  type OptionKinds,
  type OptionSource,
  type OptionsOf,
  oneOf,
  type Pattern,
  patterns,
  resolveOptions,
  shaped,
  show,
  strings,
} from './kit/options.ts';
export * as originals from './kit/originals.ts';
export { finishPendingEnds } from './kit/pending-ends.ts';
export { remembered } from './kit/remembered.ts';
export { reportSecondTracer } from './kit/second-tracer.ts';
export {
  type ChannelTarget,
  isModuleTarget,
  type ModuleTarget,
  type Target,
  type Tools,
} from './kit/target.ts';
export { type ChannelView, onFirstCall } from './kit/tracing-channel.ts';
export { type AnyFunction, dress } from './kit/wrap.ts';
export { boundedWriter, type CarrierBounds, headerBytes, textBytes } from './propagation/bounded-writer.ts';
export {
  type AmqpHeaders,
  amqpHeadersGetter,
  amqpHeadersWriter,
} from './propagation/carriers/amqp-headers.ts';
export {
  type EnvironmentVariables,
  environmentGetter,
  environmentName,
  environmentSetter,
} from './propagation/carriers/environment.ts';
export { appendSqlComment, parseSqlComment } from './propagation/carriers/sql-comment.ts';
export { DESTINATIONS_EXPECTED, type Destinations, isDestinations } from './propagation/destinations.ts';
export { countDropped, droppedFromWire } from './propagation/dropped.ts';
export {
  type ContextFormat,
  type Extraction,
  joined,
  type Outgoing,
  type SamplingWish,
  single,
  type TraceFormat,
  type TraceparentWriter,
  WRITE_TRACEPARENT,
} from './propagation/format.ts';
export { TRACE_FORMATS } from './propagation/formats/index.ts';
export { decodeOpencensus, encodeOpencensus } from './propagation/formats/opencensus-binary.ts';
export { w3cBaggage } from './propagation/formats/w3c-baggage.ts';
export { w3cTraceContext } from './propagation/formats/w3c-trace-context.ts';
export { emptyTraceState, parseTraceState, traceStateText } from './propagation/formats/w3c-trace-state.ts';
export { type Incoming, incomingOf, withIncoming } from './propagation/incoming.ts';
export { type CarrierWriter, injectFresh } from './propagation/inject.ts';
export { type PropagationPolicy, propagationPolicy, setPropagationPolicy } from './propagation/policy.ts';
export { createPropagator, type PropagatorOptions } from './propagation/propagator.ts';
export {
  isSigned,
  isTraceVouched,
  TRACE_ORIGIN,
  type TraceOrigin,
  trackProvenance,
  withSigned,
} from './propagation/provenance.ts';
export { createSignature, type Signature } from './propagation/signature.ts';
export type { SignatureOptions } from './propagation/signature-options.ts';
export { isValid, KnownSpanContext, RemoteSpanContext } from './propagation/span-context.ts';
export {
  applyTrust,
  isTrustOption,
  TRUST_EXPECTED,
  type Trust,
  type TrustOption,
} from './propagation/trust.ts';
export { errorType, exceptionType, recordError } from './record-error.ts';
export { ATTR } from './semconv.ts';
export {
  beginQuery,
  type Database,
  type DbOptions,
  type DbQuery,
  QueryExchange,
  queryParent,
  recordFailedAcquire,
} from './templates/db.ts';
export type { ConnectionPeer } from './templates/http-address.ts';
export { REDACTED_QUERY_PARAMS } from './templates/http-attributes.ts';
export { type HttpClientTracing, httpClient } from './templates/http-client.ts';
export type { HttpClientOptions, HttpClientView } from './templates/http-client-view.ts';
export { type FrameworkResponse, RoutedRequest } from './templates/http-framework.ts';
export { type HttpServerTracing, httpServer } from './templates/http-server.ts';
export type { Headers, HttpServerOptions, HttpServerView } from './templates/http-server-view.ts';
export { destinationTemplatesOption, labeller } from './templates/labeller.ts';
export {
  beginLayer,
  createLayer,
  type Layer,
  type LayerOptions,
  type LayerRun,
  layersOption,
  settleLayer,
  slowLayerMsOption,
} from './templates/layer.ts';
export { type MessageChannel, messaging } from './templates/messaging.ts';
export {
  createOperation,
  type Operation,
  type OperationParts,
} from './templates/messaging-operation.ts';
export type { Settlement } from './templates/messaging-processing.ts';
export type { MessagingOptions, MessagingView } from './templates/messaging-view.ts';
export type { Cut } from './templates/messaging-waiting.ts';
export { joinRoute } from './templates/route.ts';
export type { RpcMark, RpcView } from './templates/rpc.ts';
export {
  createRpcOperation,
  ENVELOPES_EXPECTED,
  type EnvelopedReply,
  type EnvelopedRequest,
  type EnvelopeProperties,
  type EnvelopeReading,
  envelopesOption,
  isEnvelopes,
  type RpcEnvelope,
  readEnvelope,
} from './templates/rpc-envelope.ts';
export { type ServerRequest, serverRequestOf, withServerRequest } from './templates/server-request.ts';
export { readSql, type SqlReading } from './templates/sql.ts';

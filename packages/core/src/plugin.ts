// What the author of a plugin uses: `defineInstrumentation`, options, operations, templates.
export { abortReason, isCancellation } from './cancellation.ts';
export {
  emitInOwnContext,
  emitterContext,
  onEmitterClose,
  setEmitterContext,
} from './context/emitter-context.ts';
export { contextOfMessage } from './context/message-context.ts';
export {
  type ClewInstrumentation,
  defineInstrumentation,
  type GivenOptions,
  type InstrumentationClass,
  type InstrumentationDefinition,
} from './kit/define-instrumentation.ts';
export { guard, reportFailure } from './kit/failures.ts';
export { isPromise } from './kit/is-promise.ts';
export { madeOf } from './kit/made-of.ts';
export { observePromise } from './kit/observe-promise.ts';
export { matchesAny, type OptionKind, type OptionsOf, option, type Pattern } from './kit/options.ts';
export * as originals from './kit/originals.ts';
export { remembered } from './kit/remembered.ts';
export { reportSecondTracer } from './kit/second-tracer.ts';
export type { ChannelTarget, ModuleTarget, Target, Tools } from './kit/target.ts';
export type { ChannelView } from './kit/tracing-channel.ts';
export { type AnyFunction, dress } from './kit/wrap.ts';
export { bindCallback, currentContext, Operation, startOperation } from './operation.ts';
export { boundedWriter, type CarrierBounds, headerBytes, textBytes } from './propagation/bounded-writer.ts';
export { environmentName } from './propagation/carriers/environment.ts';
// Also in `@clew/core`: the declarations of plugins refer to them here.
export type { Destinations } from './propagation/destinations.ts';
export type { CarrierWriter } from './propagation/inject.ts';
export { propagationDefaults } from './propagation/propagation-defaults.ts';
export { destinationsOption, trustOption } from './propagation/propagation-options.ts';
export type { TrustOption } from './propagation/trust.ts';
export { errorType, recordError } from './record-error.ts';
export { ATTR } from './semconv.ts';
export { type SharedAttributes, shareAttributes } from './shared-attributes.ts';
export {
  type Database,
  type DbOptions,
  type DbQuery,
  dbOptions,
  QueryOperation,
  queryParent,
  recordFailedAcquire,
  startQuery,
} from './templates/db.ts';
export type { ConnectionPeer } from './templates/http-address.ts';
export { REDACTED_QUERY_PARAMS, withoutQuery } from './templates/http-attributes.ts';
export { type HttpClientTracing, httpClient } from './templates/http-client.ts';
export type { HttpClientOptions, HttpClientView } from './templates/http-client-view.ts';
export { type FrameworkResponse, RoutedRequest } from './templates/http-framework.ts';
export { type HttpServerTracing, httpServer } from './templates/http-server.ts';
export type { Headers, HttpServerOptions, HttpServerView } from './templates/http-server-view.ts';
export { labeller } from './templates/labeller.ts';
export {
  createLayer,
  type Layer,
  type LayerOptions,
  type LayerRun,
  layersOption,
  settleLayer,
  slowLayerMsOption,
  startLayer,
} from './templates/layer.ts';
export { type MessageChannel, messaging } from './templates/messaging.ts';
export { type ActionParts, createAction, type MessagingAction } from './templates/messaging-action.ts';
export type { Iterated } from './templates/messaging-iteration.ts';
export { type Naming, type NamingTools, namingBy } from './templates/messaging-naming.ts';
export { type MessagingPluginOptions, messagingOptions } from './templates/messaging-options.ts';
export type { Settlement } from './templates/messaging-processing.ts';
export type { MessagingOptions, MessagingView } from './templates/messaging-view.ts';
export type { Cut } from './templates/messaging-waiting.ts';
export { type Leave, type Mount, MountedRequest } from './templates/mounted-request.ts';
export { joinRoute } from './templates/route.ts';
export type { RpcCorrelation, RpcView } from './templates/rpc.ts';
export { createRpcAction, envelopesOption, readEnvelope } from './templates/rpc-envelope.ts';
export { type ServerRequest, serverRequestOf } from './templates/server-request.ts';

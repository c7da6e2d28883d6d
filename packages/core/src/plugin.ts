// What the author of a plugin uses: `defineInstrumentation`, options, operations, templates.
export { cutText } from './kit/cut-text.ts';
export {
  type ClewInstrumentation,
  defineInstrumentation,
  type GivenOptions,
  type InstrumentationClass,
  type InstrumentationDefinition,
} from './kit/define-instrumentation.ts';
export { guard, reportFailure } from './kit/failures.ts';
export { type HandlerPlace, type HandlerVariables, handlerPlace } from './kit/handler-file.ts';
export { isPromise } from './kit/is-promise.ts';
export { observePromise } from './kit/observe-promise.ts';
export {
  matchesAny,
  type OptionKind,
  type OptionKinds,
  type OptionSource,
  type OptionsOf,
  type Pattern,
  resolveOptions,
} from './kit/options.ts';
export * as originals from './kit/originals.ts';
export { ownMethod } from './kit/own-method.ts';
export { perObject } from './kit/per-object.ts';
export { type PrivateField, privateField } from './kit/private-field.ts';
export { remembered } from './kit/remembered.ts';
export type { ChannelTarget, HandlerTarget, ModuleTarget, Target, Tools } from './kit/target.ts';
export type { ChannelOperation, ChannelView } from './kit/tracing-channel.ts';
export { type UrlServer, urlServer } from './kit/url-server.ts';
export { type AnyFunction, dress } from './kit/wrap.ts';
export * as aws from './namespaces/aws.ts';
export * as client from './namespaces/client.ts';
export * as db from './namespaces/db.ts';
export * as emitters from './namespaces/emitters.ts';
export * as errors from './namespaces/errors.ts';
export * as genAi from './namespaces/gen-ai.ts';
export * as http from './namespaces/http.ts';
export * as kafka from './namespaces/kafka.ts';
export * as logs from './namespaces/logs.ts';
export * as messaging from './namespaces/messaging.ts';
export { option } from './namespaces/option.ts';
export * as redis from './namespaces/redis.ts';
export * as rpc from './namespaces/rpc.ts';
export { bindCallback, currentContext, Operation, startOperation } from './operation.ts';
// Also in `@clew/core`: the declarations of plugins refer to them here.
export type { Destinations } from './propagation/destinations.ts';
export { countDropped } from './propagation/dropped.ts';
export type { CarrierWriter } from './propagation/inject.ts';
export { propagationDefaults } from './propagation/propagation-defaults.ts';
export type { Entrance, TrustOption } from './propagation/trust.ts';
export { ATTR } from './semconv.ts';
export type { CallOutcome, CallParts, ClientCall, IncompleteReason } from './templates/client-call.ts';
export type { StreamView } from './templates/client-consumption.ts';
export type { MethodView } from './templates/client-methods.ts';
export type { ClientOperation, OperationParts } from './templates/client-operation.ts';
export type { ClientOptions } from './templates/client-options.ts';
export type { SharedWork } from './templates/client-shared-work.ts';
export type { DbTools } from './templates/db.ts';
export type { PoolWait } from './templates/db-acquire.ts';
export type { QueryOperation } from './templates/db-operation.ts';
export type { CommandOptions, CommentOptions, DbOptions } from './templates/db-options.ts';
export type { PoolState } from './templates/db-pool.ts';
export type { BoundValues, Database, DbCommand, DbQuery } from './templates/db-query.ts';
export type { TransactionOperation } from './templates/db-transaction.ts';
export type {
  FrameworkOptionKinds,
  FrameworkOptions,
  FrameworkTools,
  LayerInfo,
} from './templates/framework-options.ts';
export type { FrameworkResponse, ResponseSoFar } from './templates/framework-response.ts';
export type { GenAiCall } from './templates/gen-ai.ts';
export type { ContentKind, GenAiOptions } from './templates/gen-ai-options.ts';
export type {
  GenAiCollector,
  GenAiInput,
  GenAiMessage,
  GenAiParameters,
  GenAiPart,
  GenAiReader,
  GenAiRequest,
  GenAiResponse,
  GenAiUsage,
} from './templates/gen-ai-request.ts';
export type { GenAiAgent, GenAiTool } from './templates/gen-ai-work.ts';
export type { ConnectionPeer } from './templates/http-address.ts';
export type { HttpClientTracing } from './templates/http-client.ts';
export type { HttpClientOptions, HttpClientView } from './templates/http-client-view.ts';
export type { FrameworkView } from './templates/http-framework.ts';
export type { HttpServerTracing } from './templates/http-server.ts';
export type { Headers, HttpServerOptions, HttpServerView } from './templates/http-server-view.ts';
export type { KafkaActions, KafkaMessage, KafkaOptions } from './templates/kafka.ts';
export type { LayerRun } from './templates/layer.ts';
export type { LogFieldNames, LogFields, LogOptions } from './templates/log-fields.ts';
export type { MessageChannel } from './templates/messaging.ts';
export type { ActionParts, MessagingAction } from './templates/messaging-action.ts';
export type { Iterated } from './templates/messaging-iteration.ts';
export type { MessagingOptions } from './templates/messaging-options.ts';
export type { Settlement } from './templates/messaging-processing.ts';
export type { MessagingView } from './templates/messaging-view.ts';
export type { Failure } from './templates/messaging-waiting.ts';
export type { Leave, Mount, MountedRequest } from './templates/mounted-request.ts';
export type {
  RedisBatch,
  RedisCommand,
  RedisOptions,
  RedisSerializer,
  RedisServer,
} from './templates/redis.ts';
export type { RoutedRequest } from './templates/routed-request.ts';
export type { RpcCorrelation, RpcView } from './templates/rpc.ts';
export type { RpcStatus } from './templates/rpc-status.ts';
export type { ServerRequest } from './templates/server-request.ts';
export {
  contextReceiver,
  contextSender,
  type ReceivedContext,
  type Receiver,
  type SendingOptions,
} from './templates/trusted-context.ts';

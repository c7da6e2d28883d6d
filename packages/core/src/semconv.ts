/**
 * Attribute keys of the OpenTelemetry semantic conventions (1.4x). The project does not depend on the package of the
 * conventions, because it is 10 MB large. Source: https://opentelemetry.io/docs/specs/semconv/
 */
export const ATTR = {
  clientAddress: 'client.address',
  /** Clew's own: why a call ended without a result and without an error. */
  clientIncomplete: 'clew.client.incomplete',
  /** Clew's own: the number of a retry, from 1. */
  clientRetry: 'clew.client.retry',
  /** Clew's own: the conventions define a metric for it, but no attribute. */
  connectionWaitMs: 'clew.db.connection_wait_ms',
  dbClientConnectionPoolName: 'db.client.connection.pool.name',
  dbClientConnectionState: 'db.client.connection.state',
  dbCollectionName: 'db.collection.name',
  dbNamespace: 'db.namespace',
  dbOperationBatchSize: 'db.operation.batch.size',
  dbOperationName: 'db.operation.name',
  /** Followed by the name or index of a bound value. */
  dbQueryParameter: 'db.query.parameter.',
  dbQuerySummary: 'db.query.summary',
  dbQueryText: 'db.query.text',
  dbResponseReturnedRows: 'db.response.returned_rows',
  dbResponseStatusCode: 'db.response.status_code',
  dbStoredProcedureName: 'db.stored_procedure.name',
  dbSystemName: 'db.system.name',
  errorType: 'error.type',
  exceptionMessage: 'exception.message',
  exceptionStacktrace: 'exception.stacktrace',
  exceptionType: 'exception.type',
  httpRequestMethod: 'http.request.method',
  httpRequestMethodOriginal: 'http.request.method_original',
  httpRequestResendCount: 'http.request.resend_count',
  httpResponseStatusCode: 'http.response.status_code',
  httpRoute: 'http.route',
  messagingBatchMessageCount: 'messaging.batch.message_count',
  messagingConsumerGroupName: 'messaging.consumer.group.name',
  /** Clew's own: the library's write buffer was full, and it returned `false` to the application. */
  messagingBackPressure: 'clew.messaging.back_pressure',
  messagingDestinationName: 'messaging.destination.name',
  messagingDestinationTemplate: 'messaging.destination.template',
  messagingDestinationTemporary: 'messaging.destination.temporary',
  messagingMessageBodySize: 'messaging.message.body.size',
  messagingMessageConversationId: 'messaging.message.conversation_id',
  messagingMessageId: 'messaging.message.id',
  messagingOperationName: 'messaging.operation.name',
  messagingOperationType: 'messaging.operation.type',
  /** Clew's own: the broker reports that it may have delivered the message before. */
  messagingRedelivered: 'clew.messaging.redelivered',
  messagingSystem: 'messaging.system',
  networkPeerAddress: 'network.peer.address',
  networkPeerPort: 'network.peer.port',
  networkProtocolVersion: 'network.protocol.version',
  processExecutableName: 'process.executable.name',
  processExitCode: 'process.exit.code',
  processPid: 'process.pid',
  /** Clew's own: `cast` and `fanout` are calls without a response. */
  rpcKind: 'clew.rpc.kind',
  rpcMethod: 'rpc.method',
  rpcSystemName: 'rpc.system.name',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  urlFull: 'url.full',
  urlPath: 'url.path',
  urlQuery: 'url.query',
  urlScheme: 'url.scheme',
  userAgentOriginal: 'user_agent.original',
} as const;

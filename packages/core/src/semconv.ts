/**
 * Attribute keys of the OpenTelemetry semantic conventions (1.4x), and the only copy of them in the project:
 * the package of them is 10 MB. Source: https://opentelemetry.io/docs/specs/semconv/
 */
export const ATTR = {
  clientAddress: 'client.address',
  /** Ours: the conventions have a metric for it, but no attribute. */
  connectionWaitMs: 'clew.db.connection_wait_ms',
  dbCollectionName: 'db.collection.name',
  dbNamespace: 'db.namespace',
  dbOperationBatchSize: 'db.operation.batch.size',
  dbOperationName: 'db.operation.name',
  dbQuerySummary: 'db.query.summary',
  dbQueryText: 'db.query.text',
  dbResponseStatusCode: 'db.response.status_code',
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
  networkPeerAddress: 'network.peer.address',
  networkPeerPort: 'network.peer.port',
  networkProtocolVersion: 'network.protocol.version',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  urlFull: 'url.full',
  urlPath: 'url.path',
  urlQuery: 'url.query',
  urlScheme: 'url.scheme',
  userAgentOriginal: 'user_agent.original',
} as const;

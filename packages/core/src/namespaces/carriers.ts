// Reading and writing what transports context: message headers, environment variables, SQL comments. A plugin for
// another carrier wraps its own writer in `boundedWriter` and injects with `injectFresh`.
export {
  boundedWriter,
  type CarrierBounds,
  headerBytes,
  textBytes,
} from '../propagation/bounded-writer.ts';
export {
  type AmqpHeaders,
  amqpHeadersGetter,
  amqpHeadersWriter,
} from '../propagation/carriers/amqp-headers.ts';
export {
  type EnvironmentVariables,
  environmentGetter,
  environmentName,
  environmentSetter,
} from '../propagation/carriers/environment.ts';
export { mcpMetaGetter, withMcpContext } from '../propagation/carriers/mcp-meta.ts';
export { appendSqlComment, parseSqlComment } from '../propagation/carriers/sql-comment.ts';
export { type CarrierWriter, injectFresh } from '../propagation/inject.ts';

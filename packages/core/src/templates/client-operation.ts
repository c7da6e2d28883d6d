import { type Attributes, SpanKind, type SpanOptions } from '@opentelemetry/api';
import { ATTR } from '../semconv.ts';
import { shareAttributes } from '../shared-attributes.ts';

/** An operation of an SDK, such as `PutObject` of the service `S3`. */
export interface OperationParts {
  /** The service or resource that has the method; part of the default name. */
  readonly service?: string | undefined;
  readonly method: string;
  /** `rpc.system.name`, for an SDK of a remote procedure call system: then `rpc.method` is recorded as well. */
  readonly system?: string | undefined;
  /** The span's name; by default `service/method`. Must be of low cardinality. */
  readonly name?: string | undefined;
  /** `SpanKind.CLIENT` by default. */
  readonly kind?: SpanKind | undefined;
  /** What all calls of the operation have in common. */
  readonly attributes?: Attributes | undefined;
  /** The attribute for the time to the first chunk of a stream, in seconds; by default it is an event. */
  readonly firstChunkAttribute?: string | undefined;
}

/** What all calls of an operation share. Create it once for each operation with {@link clientOperation}. */
export interface ClientOperation {
  readonly name: string;
  readonly spanOptions: SpanOptions & { readonly attributes: Attributes };
  readonly firstChunkAttribute: string | undefined;
}

/**
 * Creates what all calls of an operation share. Keep the result: for a fixed set of operations in a constant, otherwise
 * in `remembered`.
 *
 * @example
 * const operationOf = remembered((method: string) => client.operation({ service: 'songs', method }));
 */
export function clientOperation(parts: OperationParts): ClientOperation {
  const { service, method, system, kind = SpanKind.CLIENT, firstChunkAttribute } = parts;
  const fullMethod = service === undefined ? method : `${service}/${method}`;
  const attributes = {
    ...(system !== undefined && { [ATTR.rpcSystemName]: system, [ATTR.rpcMethod]: fullMethod }),
    ...parts.attributes,
  };
  return {
    name: parts.name ?? fullMethod,
    spanOptions: Object.freeze({ kind, attributes: shareAttributes(attributes) }),
    firstChunkAttribute,
  };
}

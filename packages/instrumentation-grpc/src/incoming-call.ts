import { isTracingSuppressed } from '@clew/core';
import {
  ATTR,
  contextReceiver,
  currentContext,
  guard,
  matchesAny,
  Operation,
  remembered,
  rpc,
} from '@clew/core/plugin';
import {
  type Attributes,
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import {
  type Metadata,
  methodOf,
  type ServedCall,
  type ServerListener,
  type ServerStream,
  type Status,
} from './grpc.ts';
import { type GrpcCall, hookedCall } from './hooks.ts';
import { capturedMetadata, metadataGetter } from './metadata.ts';
import type { GrpcTools } from './options.ts';
import { CANCELLED, isServerError, nameOf } from './status.ts';

const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** The peer chooses the path of a method that does not exist. */
const MAX_METHOD_CHARS = 128;

/** What all calls of a method share: the name and the attributes of their spans. */
interface Method {
  readonly name: string;
  readonly attributes: Attributes;
}

const methodAt = remembered((path: string): Method => {
  const { name, attributes } = rpc.createAction('grpc', 'call', methodOf(path), {});
  return { name, attributes };
});

/** A method without a handler: its path is not in the name, because the peer chooses it. */
function unknownMethod(path: string): Method {
  const original = methodOf(path).slice(0, MAX_METHOD_CHARS);
  const { attributes } = rpc.createAction('grpc', 'call', '_OTHER', { [ATTR.rpcMethodOriginal]: original });
  return { name: 'grpc', attributes };
}

/** A call as the server has received it. */
export interface Received {
  readonly path: string;
  readonly metadata: Metadata;
  readonly stream: ServerStream;
  readonly isKnown: boolean;
}

/** Starts the operations of the calls that this process serves. */
export class IncomingCalls {
  readonly #tools: GrpcTools;
  readonly #receive = contextReceiver(metadataGetter);
  readonly #open = new Set<IncomingCall>();

  constructor(tools: GrpcTools) {
    this.#tools = tools;
    // The end of a call is observed by patched methods.
    tools.onDisable(() => {
      for (const call of this.#open) call.end('disabled');
    });
  }

  /** Returns `undefined` if tracing is suppressed. An ignored call has no span, and continues the trace of its caller. */
  start(received: Received): IncomingCall | undefined {
    if (isTracingSuppressed(currentContext())) return undefined;
    return guard(`${this.#tools.name}: starting a span`, () => {
      const { path, metadata, stream, isKnown } = received;
      const { ignore, trust } = this.#tools.options;
      const socket = stream.session?.socket;
      const entrance = () => ({ path, port: socket?.localPort });
      const { context: parent, links } = this.#receive(metadata, trust, entrance);
      const { name, attributes } = isKnown ? methodAt(path) : unknownMethod(path);
      if (ignore.length > 0 && matchesAny(ignore, name))
        return new IncomingCall(this.#tools, received, new Operation(NO_SPAN, parent));
      const span = this.#tools.tracer.startSpan(
        name,
        {
          kind: SpanKind.SERVER,
          attributes: { ...attributes, ...serverAttributes(stream) },
          links: [...links],
        },
        parent,
      );
      const incoming = new IncomingCall(
        this.#tools,
        received,
        new Operation(span, trace.setSpan(parent, span)),
      );
      incoming.describe();
      this.#open.add(incoming);
      incoming.onEnd = () => this.#open.delete(incoming);
      return incoming;
    });
  }
}

/** A call that this process serves, until its status was sent or its stream was closed. */
export class IncomingCall {
  readonly #tools: GrpcTools;
  readonly #received: Received;
  readonly #operation: Operation;
  #hooked: GrpcCall | undefined;
  #status: Status | undefined;
  /** Called before the span ends. */
  onEnd: (() => void) | undefined;

  constructor(tools: GrpcTools, received: Received, operation: Operation) {
    this.#tools = tools;
    this.#received = received;
    this.#operation = operation;
  }

  get context(): Context {
    return this.#operation.context;
  }

  /** Sets what is needed only if the call is recorded. */
  describe(): void {
    const { span, recording } = this.#operation;
    if (!recording) return;
    const { path, metadata, stream } = this.#received;
    const { capturedRequestMetadata: names, requestHook } = this.#tools.options;
    span.setAttributes({
      ...peerOf(stream),
      ...capturedMetadata(ATTR.rpcRequestMetadata, names, metadata),
    });
    this.#hooked = hookedCall(this.#tools, path, metadata, 'server');
    if (this.#hooked !== undefined) this.#tools.callHook(requestHook, span, this.#hooked);
  }

  /** The listener of a call, which leads to the handler and to the events of its stream. */
  listening(listener: ServerListener): ServerListener {
    const inside = <T>(fn: () => T): T => context.with(this.context, fn);
    return {
      onReceiveMetadata: (metadata) => inside(() => listener.onReceiveMetadata(metadata)),
      onReceiveMessage: (message) => inside(() => listener.onReceiveMessage(message)),
      onReceiveHalfClose: () => inside(() => listener.onReceiveHalfClose()),
      onCancel: () => inside(() => listener.onCancel()),
    };
  }

  /** The server sends metadata. */
  sending(metadata: Metadata | null | undefined): void {
    const { span, recording } = this.#operation;
    const { capturedResponseMetadata: names } = this.#tools.options;
    if (names.length === 0 || !recording) return;
    guard(`${this.#tools.name}: reading metadata`, () =>
      span.setAttributes(capturedMetadata(ATTR.rpcResponseMetadata, names, metadata)),
    );
  }

  /** The status was decided; the first one counts. */
  decide(status: Status): void {
    if (this.#status !== undefined) return;
    this.#status = status;
    this.sending(status.metadata);
  }

  /** The status was sent, or the stream was closed before, or tracing is disabled and the status is not known. */
  end(reason: 'closed' | 'disabled' = 'closed'): void {
    const { span, recording, ended } = this.#operation;
    if (ended) return;
    this.onEnd?.();
    if (recording && (reason === 'closed' || this.#status !== undefined)) {
      const { code, details = '' } = this.#status ?? { code: CANCELLED, details: 'the client has left' };
      guard(`${this.#tools.name}: recording a status`, () => {
        const name = nameOf(code);
        if (this.#status === undefined) span.addEvent('cancelled');
        rpc.recordStatus(span, { code: name, isError: isServerError(name), message: String(details) });
      });
      if (this.#hooked !== undefined)
        this.#tools.callHook(this.#tools.options.responseHook, span, this.#hooked, { code, details });
    }
    this.#operation.end();
  }
}

/** Before sampling: the address that the client connected to, or the path of the server's Unix domain socket. */
function serverAttributes({ session }: ServerStream): Attributes {
  const { localAddress, localPort, server } = session?.socket ?? {};
  const address = localAddress ?? server?.address?.();
  return {
    ...(typeof address === 'string' && { [ATTR.serverAddress]: address }),
    ...(localPort !== undefined && { [ATTR.serverPort]: localPort }),
  };
}

function peerOf({ session }: ServerStream): Attributes {
  const { remoteAddress, remotePort } = session?.socket ?? {};
  return {
    ...(remoteAddress !== undefined && {
      [ATTR.clientAddress]: remoteAddress,
      [ATTR.networkPeerAddress]: remoteAddress,
    }),
    ...(remotePort !== undefined && { [ATTR.networkPeerPort]: remotePort }),
  };
}

/** Whether a status can still be sent. */
export function isOpen({ cancelled, stream }: ServedCall): boolean {
  return !(cancelled || stream.destroyed || stream.closed);
}

import { bindCallback, guard, privateField } from '@clew/core/plugin';
import { context } from '@opentelemetry/api';
import type { Metadata, ServedCall, ServerListener, ServerStream, Status } from './grpc.ts';
import { type IncomingCall, IncomingCalls, isOpen } from './incoming-call.ts';
import type { GrpcTools } from './options.ts';
import { UNIMPLEMENTED } from './status.ts';

const calls = privateField<IncomingCall>();

interface Server {
  readonly handlers: ReadonlyMap<string, unknown>;
}

type Run = (this: Server, call: object, handler: unknown) => boolean;
type Handle = (this: Server, ...args: unknown[]) => void;

/** What the plugin uses of the library's `Metadata` class. */
export interface MetadataClass {
  fromHttp2Headers(headers: object): Metadata;
}

/** Services may have been added and servers started before: what is patched is looked up for each call. */
export function patchServer(prototype: object, Metadata: MetadataClass, tools: GrpcTools): void {
  const incoming = new IncomingCalls(tools);
  tools.wrap<Run>(prototype, '_runHandlerForCall', (run) => {
    return function (call, handler) {
      guard(`${tools.name}: a served call`, () => {
        const classOfCall = Object.getPrototypeOf(innermost(call));
        tools.once(classOfCall, () => patchServed(classOfCall, incoming, tools));
      });
      return run.call(this, call, handler);
    };
  });
  patchUnknownMethods(prototype, Metadata, incoming, tools);
}

/** The call below the interceptors of the application. */
function innermost(call: object): object {
  let inner = call as { readonly nextCall?: object };
  while (inner.nextCall !== undefined) inner = inner.nextCall;
  return inner;
}

/** The class of served calls is not exported. */
function patchServed(prototype: object, incoming: IncomingCalls, tools: GrpcTools): void {
  tools.wrap<(this: ServedCall, listener: ServerListener) => void>(prototype, 'start', (start) => {
    return function (listener) {
      const { handler, metadata, stream } = this;
      const call =
        calls.get(this) === undefined
          ? incoming.start({ path: handler.path, metadata, stream, isKnown: true })
          : undefined;
      if (call === undefined) return start.call(this, listener);
      calls.add(this, call);
      if (!isOpen(this)) call.end();
      context.with(call.context, start, this, call.listening(listener));
    };
  });
  tools.wrap<ServedCall['sendMetadata']>(prototype, 'sendMetadata', (send) => {
    return function (this: ServedCall, metadata) {
      calls.get(this)?.sending(metadata);
      return send.call(this, metadata);
    };
  });
  tools.wrap<ServedCall['sendMessage']>(prototype, 'sendMessage', (send) => {
    return function (this: ServedCall, message, callback) {
      const call = calls.get(this);
      const bound = call === undefined ? callback : context.with(call.context, () => bindCallback(callback));
      return send.call(this, message, bound);
    };
  });
  tools.wrap<ServedCall['sendStatus']>(prototype, 'sendStatus', (send) => {
    return function (this: ServedCall, status: Status) {
      if (isOpen(this)) calls.get(this)?.decide(status);
      return send.call(this, status);
    };
  });
  tools.wrap<ServedCall['notifyOnCancel']>(prototype, 'notifyOnCancel', (notify) => {
    return function (this: ServedCall) {
      calls.get(this)?.end();
      return notify.call(this);
    };
  });
}

/** The library responds to a call without a handler before anything else. */
function patchUnknownMethods(
  prototype: object,
  Metadata: MetadataClass,
  incoming: IncomingCalls,
  tools: GrpcTools,
): void {
  let isEnabled = true;
  // A server keeps these functions for as long as it listens.
  tools.onDisable(() => {
    isEnabled = false;
  });
  for (const name of ['_streamHandler', '_channelzHandler']) {
    tools.wrap<Handle>(prototype, name, (handle) => {
      return function (...args) {
        // From 1.11 on, the interceptors of the port are before the arguments of the event `stream`.
        const given = Array.isArray(args[0]) ? args.slice(1) : args;
        const [stream, headers] = given as [ServerStream, Record<string, unknown> | undefined];
        const path = headers?.[':path'];
        const isGrpc = String(headers?.['content-type']).startsWith('application/grpc');
        if (!isEnabled || !isGrpc || typeof path !== 'string' || this.handlers.has(path))
          return handle.apply(this, args);
        const metadata = guard(`${tools.name}: reading metadata`, () =>
          Metadata.fromHttp2Headers(headers ?? {}),
        );
        const call = metadata && incoming.start({ path, metadata, stream, isKnown: false });
        if (call === undefined) return handle.apply(this, args);
        call.decide({ code: UNIMPLEMENTED, details: 'the server does not implement the method' });
        try {
          context.with(call.context, () => handle.apply(this, args));
        } finally {
          call.end();
        }
      };
    });
  }
}

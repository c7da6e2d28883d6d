import { carriers } from '@clew/core';
import {
  ATTR,
  type ClientCall,
  client,
  contextSender,
  currentContext,
  guard,
  remembered,
  rpc,
} from '@clew/core/plugin';
import { type Context, context } from '@opentelemetry/api';
import { peerAttributes, type ServerOfChannel } from './channel-target.ts';
import { type ChannelCall, type Listener, type Metadata, methodOf, type Status } from './grpc.ts';
import { type GrpcCall, hookedCall } from './hooks.ts';
import { capturedMetadata, metadataWriter } from './metadata.ts';
import type { GrpcTools } from './options.ts';
import { CANCELLED, nameOf } from './status.ts';

/** By the path of a method. */
const operationOf = remembered((path: string) =>
  client.operation({ system: 'grpc', method: methodOf(path) }),
);

const sendable = contextSender();

/** A call that this process makes. It has a CLIENT span, or only carries the context of its caller. */
export class OutgoingCall {
  readonly caller: Context;
  readonly #tools: GrpcTools;
  readonly #path: string;
  readonly #server: ServerOfChannel;
  readonly #call: ClientCall | undefined;
  #hooked: GrpcCall | undefined;
  #isCancelled = false;

  constructor(tools: GrpcTools, path: string, server: ServerOfChannel) {
    this.caller = currentContext();
    this.#tools = tools;
    this.#path = path;
    this.#server = server;
    this.#call = client.startCall(tools, () => ({
      operation: operationOf(path),
      attributes: server.attributes,
    }));
  }

  /** Starts the call with its context in a copy of the metadata. The listener runs in the context of the caller. */
  start(
    call: ChannelCall,
    metadata: Metadata,
    listener: Listener,
    proceed: (metadata: Metadata, listener: Listener) => void,
  ): void {
    const current = this.#call?.context ?? this.caller;
    this.#describe(metadata);
    const carrying = guard(`${this.#tools.name}: injecting`, () => this.#inject(current, metadata));
    const listening = this.#listening(call, listener);
    try {
      context.with(current, proceed, undefined, carrying ?? metadata, listening);
    } catch (error) {
      this.#call?.fail(error);
      this.#call?.end();
      throw error;
    }
  }

  /** The application, or the library on its behalf, cancels the call. The status follows. */
  cancel(code: number): void {
    this.#isCancelled ||= code === CANCELLED;
  }

  /** The application has destroyed the stream of a call that it did not cancel: the library would wait for ever. */
  abandon(): void {
    if (!this.#isCancelled) this.#call?.leave('abandoned');
  }

  #inject(current: Context, metadata: Metadata): Metadata | undefined {
    const sent = sendable(current, this.#tools.options, this.#server.receiver);
    if (sent === undefined) return undefined;
    const copy = metadata.clone();
    carriers.injectFresh(sent, copy, metadataWriter);
    return copy;
  }

  #describe(metadata: Metadata): void {
    const call = this.#call;
    if (!call?.recording) return;
    const { capturedOutgoingRequestMetadata: names, requestHook } = this.#tools.options;
    this.#hooked = hookedCall(this.#tools, this.#path, metadata, 'client');
    if (names.length > 0)
      guard(`${this.#tools.name}: reading metadata`, () =>
        call.span.setAttributes(capturedMetadata(ATTR.rpcRequestMetadata, names, metadata)),
      );
    if (this.#hooked !== undefined) this.#tools.callHook(requestHook, call.span, this.#hooked);
  }

  #listening(call: ChannelCall, listener: Listener): Listener {
    const { caller } = this;
    return {
      onReceiveMetadata: (metadata) => {
        this.#capture(metadata);
        context.with(caller, () => listener.onReceiveMetadata(metadata));
      },
      onReceiveMessage: (message) => context.with(caller, () => listener.onReceiveMessage(message)),
      onReceiveStatus: (status) => {
        this.#end(call, status);
        context.with(caller, () => listener.onReceiveStatus(status));
      },
    };
  }

  #capture(metadata: Metadata | null | undefined): void {
    const { capturedOutgoingResponseMetadata: names } = this.#tools.options;
    const call = this.#call;
    if (names.length === 0 || !call?.recording) return;
    guard(`${this.#tools.name}: reading metadata`, () =>
      call.span.setAttributes(capturedMetadata(ATTR.rpcResponseMetadata, names, metadata)),
    );
  }

  #end(call: ChannelCall, { code, details = '', metadata }: Status): void {
    const traced = this.#call;
    if (traced === undefined || traced.ended) return;
    if (traced.recording) {
      this.#capture(metadata);
      guard(`${this.#tools.name}: reading the peer`, () => {
        const peer = peerAttributes(call.getPeer(), this.#server);
        if (peer !== undefined) traced.span.setAttributes(peer);
      });
      guard(`${this.#tools.name}: recording a status`, () => {
        const isOwnCancel = code === CANCELLED && this.#isCancelled;
        if (isOwnCancel) traced.span.setAttribute(ATTR.clientIncomplete, 'cancelled');
        rpc.recordStatus(traced.span, {
          code: nameOf(code),
          isError: code !== 0 && !isOwnCancel,
          message: details,
        });
      });
      if (this.#hooked !== undefined)
        this.#tools.callHook(this.#tools.options.responseHook, traced.span, this.#hooked, { code, details });
    }
    traced.end();
  }
}

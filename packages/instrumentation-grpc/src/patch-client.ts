import type { Readable } from 'node:stream';
import { isTracingSuppressed } from '@clew/core';
import { currentContext, emitters, guard, perObject, privateField } from '@clew/core/plugin';
import { readTarget } from './channel-target.ts';
import type { Channel, ChannelCall } from './grpc.ts';
import type { GrpcTools } from './options.ts';
import { OutgoingCall } from './outgoing-call.ts';

const calls = privateField<OutgoingCall>();

/**
 * Every call of every client, whatever made the client, is a call of its channel. The application's interceptors are
 * above the channel, so they see the metadata as they would without tracing.
 */
export function patchChannel(prototype: Channel, tools: GrpcTools): void {
  const serverOf = perObject((channel: Channel) => readTarget(channel.getTarget()));
  tools.wrap<Channel['createCall']>(prototype, 'createCall', (createCall) => {
    return function (method, ...more) {
      const call = createCall.call(this, method, ...more);
      if (isTracingSuppressed(currentContext())) return call;
      guard(`${tools.name}: starting a call`, () => {
        const classOfCall = Object.getPrototypeOf(call);
        tools.once(classOfCall, () => patchCall(classOfCall, tools));
        calls.add(call, new OutgoingCall(tools, method, serverOf(this)));
      });
      return call;
    };
  });
}

/** The class of a channel's calls is not exported. */
function patchCall(prototype: ChannelCall, tools: GrpcTools): void {
  tools.wrap<(this: ChannelCall, ...args: Parameters<ChannelCall['start']>) => void>(
    prototype,
    'start',
    (start) =>
      function (metadata, listener) {
        const outgoing = calls.get(this);
        if (outgoing === undefined) return start.call(this, metadata, listener);
        outgoing.start(this, metadata, listener, (...args) => start.apply(this, args));
      },
  );
  tools.wrap<(this: ChannelCall, ...args: Parameters<ChannelCall['cancelWithStatus']>) => void>(
    prototype,
    'cancelWithStatus',
    (cancel) =>
      function (code, details) {
        calls.get(this)?.cancel(code);
        cancel.call(this, code, details);
      },
  );
}

type Make = (this: object, ...args: unknown[]) => Readable;

/** Makes the streams that clients return emit in the context of the caller, and ends the span of a destroyed stream. */
export function patchStreams(prototype: object, tools: GrpcTools): void {
  for (const name of ['makeClientStreamRequest', 'makeServerStreamRequest', 'makeBidiStreamRequest']) {
    tools.wrap<Make>(
      prototype,
      name,
      (make) =>
        function (...args) {
          const stream = make.apply(this, args);
          guard(`${tools.name}: watching a stream`, () => watch(stream, tools));
          return stream;
        },
    );
  }
}

function watch(stream: Readable, tools: GrpcTools): void {
  const outgoing = outgoingOf(stream);
  if (outgoing === undefined) return;
  const classOfStream = Object.getPrototypeOf(stream);
  tools.once(classOfStream, () => emitters.emitInOwnContext(tools, classOfStream));
  emitters.setContext(stream, outgoing.caller);
  // A client stream that is only written also closes when the last message was sent.
  if (typeof stream.read === 'function') emitters.onClose(stream, () => outgoing.abandon());
}

/** The members that lead from a stream through the interceptors to the call of the channel. */
interface Link {
  readonly call?: Link;
  readonly nextCall?: Link;
}

const MAX_INTERCEPTORS = 100;

function outgoingOf(stream: object): OutgoingCall | undefined {
  let link = (stream as Link).call;
  for (let depth = 0; link !== undefined && depth < MAX_INTERCEPTORS; depth++) {
    const outgoing = calls.get(link);
    if (outgoing !== undefined) return outgoing;
    link = link.nextCall ?? link.call;
  }
  return undefined;
}

import { errorMonitor } from 'node:events';
import type { Readable } from 'node:stream';
import { isCancellation } from '../cancellation.ts';
import { ownMethod } from '../kit/own-method.ts';
import type { ClientCall } from './client-call.ts';
import { Consumption, type StreamView } from './client-consumption.ts';
import { followWebStream, isWebStream } from './client-web-stream.ts';

/**
 * Ends the call with a stream that is consumed as an async iterator, or with a web stream (`ReadableStream`), however it is
 * consumed: at its last chunk, with its error, when the consumer leaves it (`break`, `return()`, `cancel()`), when it is
 * aborted, or when it is garbage. Returns the same stream, whose iterators and readers remain the SDK's own objects. Call
 * it while the result is delivered: see `ClientCall.settle`.
 */
export function traceStream<Stream extends object, Chunk = unknown>(
  call: ClientCall,
  stream: Stream,
  view: StreamView<Chunk> = {},
): Stream {
  if (!call.observed) return stream;
  const consumption = new Consumption(call, view as StreamView<unknown>);
  // A frozen stream can't be followed: the call ends now.
  if (!follow(stream, consumption, view.iterator)) return stream;
  call.startStream(() => consumption.stop());
  call.endWithout(stream);
  consumption.watchSignal();
  return stream;
}

function follow(stream: object, consumption: Consumption, factory?: PropertyKey): boolean {
  if (isWebStream(stream)) return followWebStream(stream, consumption);
  if (typeof Reflect.get(stream, 'next') === 'function') return consumption.followIterator(stream);
  // Only the first iterator counts: SDKs reject a second one.
  let isFollowed = false;
  return ownMethod(stream, factory ?? Symbol.asyncIterator, (create) => (...args) => {
    const iterator = create(...args);
    if (!isFollowed && typeof iterator === 'object' && iterator !== null)
      isFollowed = consumption.followIterator(iterator);
    return iterator;
  });
}

/** Ends the call with a Node stream: at `close`, which follows the last chunk, an error and `destroy()`. */
export function traceReadable<Stream extends Readable>(call: ClientCall, stream: Stream): Stream {
  if (!call.observed) return stream;
  const push: unknown = Object.getOwnPropertyDescriptor(stream, 'push')?.value;
  const restore = () => {
    if (push === undefined) Reflect.deleteProperty(stream, 'push');
    else Reflect.set(stream, 'push', push);
  };
  // Neither `data` nor `readable` can be listened to: each changes how the stream flows.
  ownMethod(stream, 'push', (original) => (...args) => {
    if (args[0] !== null) call.firstChunk();
    restore();
    return original(...args);
  });
  call.startStream(() => {});
  call.endWithout(stream);
  // A loop that is left destroys the stream with an error like that of an abort.
  stream.once(errorMonitor, (error) => {
    if (isCancellation(error) && !call.isAborted) call.leave('abandoned');
  });
  stream.once('close', () => {
    if (!stream.readableEnded && stream.errored === null) call.leave('abandoned');
  });
  call.endOn(stream, 'end', 'close');
  return stream;
}

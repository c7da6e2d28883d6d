import { ReadableStream } from 'node:stream/web';
import { guard } from '../kit/failures.ts';
import { isPromise } from '../kit/is-promise.ts';
import { observePromise } from '../kit/observe-promise.ts';
import { ownMethod } from '../kit/own-method.ts';
import { readProperty } from '../kit/read-property.ts';
import type { Consumption } from './client-consumption.ts';
import { StreamRelay } from './client-stream-relay.ts';

/** What is reported once if a stream can't be followed: a class of the application may override any method. */
const ACTIVITY = 'following a stream';

/** Whether a stream is one of the platform, which also has readers and pipes. */
export function isWebStream(stream: object): stream is ReadableStream {
  return stream instanceof ReadableStream;
}

/**
 * Follows a web stream, however it is consumed: by readers, as an iterator, by `pipeTo`, `pipeThrough` or `tee`. Returns
 * false if the stream is frozen.
 */
export function followWebStream(stream: ReadableStream, consumption: Consumption): boolean {
  const isRelayed = new Set(RELAYED.filter((name) => isIntrinsic(stream, name)));
  const hasOwnReaders = !isIntrinsic(stream, 'getReader');
  const isFollowed = ownMethod(stream, 'getReader', (getReader) => (...args) => {
    const reader = getReader(...args) as object;
    guard(ACTIVITY, () => followReader(stream, reader, consumption));
    return reader;
  });
  if (!isFollowed) return false;
  // The cancellation of a locked stream is rejected, and changes nothing.
  ownMethod(
    stream,
    'cancel',
    (cancel) =>
      (...args) =>
        stream.locked ? cancel(...args) : consumption.leave(() => cancel(...args), args[0]),
  );
  for (const name of ['values', Symbol.asyncIterator])
    ownMethod(stream, name, (create) => (...args) => {
      const iterator = create(...args) as object;
      guard(ACTIVITY, () => followIterator(stream, iterator, preventsCancel(args[0]), consumption));
      return iterator;
    });
  for (const name of RELAYED)
    ownMethod(stream, name, (original) => (...args) => {
      if (stream.locked) return original(...args);
      // Another reader may continue, which a relay would prevent: it may have read a chunk already.
      if (hasOwnReaders || !isRelayed.has(name) || preventsCancel(args[1]))
        return followPromise(original(...args), stream, consumption);
      const relay = guard(ACTIVITY, () => new StreamRelay(stream, consumption, name === 'tee'));
      if (relay === undefined) return original(...args);
      const result: unknown = Reflect.apply(Reflect.get(relay.readable, name), relay.readable, args);
      // Wrong arguments are refused, and leave the stream unlocked.
      if (relay.readable.locked) relay.start();
      return result;
    });
  return true;
}

/** The methods with which Node reads a stream itself. A class of the application may override them. */
const RELAYED = ['pipeTo', 'pipeThrough', 'tee'] as const;

function isIntrinsic(stream: ReadableStream, name: 'getReader' | (typeof RELAYED)[number]): boolean {
  return readProperty(stream, name) === ReadableStream.prototype[name];
}

/** Whether the options of a pipe or an iterator keep the stream: any true value does. */
function preventsCancel(options: unknown): boolean {
  return Boolean(readProperty(options as object, 'preventCancel'));
}

/**
 * Follows a pipe without a relay. If it fails, its writer may have failed: the stream is then either cancelled, or left to
 * another reader.
 */
function followPromise(piped: unknown, stream: ReadableStream, consumption: Consumption): unknown {
  // `pipeThrough` and `tee` return streams, which do not show how this one ends.
  if (!isPromise(piped)) return piped;
  const failed = (error: unknown) => {
    if (stream.locked) return;
    const reader = Reflect.apply(ReadableStream.prototype.getReader, stream, []);
    reader.closed.then(
      () => consumption.leave(() => {}, error),
      (reason: unknown) => {
        if (reason === error) consumption.fail(error);
      },
    );
    reader.releaseLock();
  };
  return observePromise(piped, () => consumption.finish(), failed);
}

function followIterator(
  stream: ReadableStream,
  iterator: object,
  isKept: boolean,
  consumption: Consumption,
): void {
  consumption.followIterator(iterator, !isKept);
  if (!isKept) return;
  ownMethod(iterator, 'return', (leave) => (value) => {
    consumption.endWithout(stream);
    return leave(value);
  });
}

function followReader(stream: ReadableStream, reader: object, consumption: Consumption): void {
  let isReleased = false;
  let isRead = false;
  consumption.endWithout(reader);
  ownMethod(reader, 'read', (read) => (...args) => {
    isRead = true;
    if (isReleased) return read(...args);
    return consumption.read(
      () => read(...args),
      () => isReleased,
    );
  });
  // Node 26 reads without calling this method, for `Readable.fromWeb`: the stream closes when all chunks are read.
  const isFollowed = () => isRead || isReleased;
  const { closed } = reader as { readonly closed?: unknown };
  if (isPromise(closed))
    closed.then(
      () => isFollowed() || consumption.finish(),
      (error: unknown) => isFollowed() || consumption.fail(error),
    );
  ownMethod(
    reader,
    'cancel',
    (cancel) =>
      (...args) =>
        isReleased ? cancel(...args) : consumption.leave(() => cancel(...args), args[0]),
  );
  ownMethod(reader, 'releaseLock', (releaseLock) => () => {
    // It rejects the reads that are pending, which is not a failure of the stream: another reader may continue.
    if (!isReleased) consumption.endWithout(stream);
    isReleased = true;
    return releaseLock();
  });
}

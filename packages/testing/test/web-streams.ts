// Web streams as the results of calls of an SDK client.
import { ReadableStream, WritableStream } from 'node:stream/web';
import { client } from '@clew/core/plugin';
import { type RecordedSpan, type Recorder, suiteTools } from '../src/index.ts';

const operation = client.operation({ service: 'store', method: 'get' });
export const encoder = new TextEncoder();
const reset = () => Object.assign(new Error('the connection was reset'), { code: 'ECONNRESET' });

/** Passes a stream to the application as the result of a call. */
export function download(stream: ReadableStream): Promise<ReadableStream> {
  const tools = suiteTools({ requireParentSpan: false, ignore: [] });
  const call = client.startCall(tools, () => ({ operation }))!;
  return call.settle(
    call.run(async () => stream),
    (result) => void client.traceStream(call, result),
  );
}

export interface Controller {
  enqueue(chunk: Uint8Array): void;
  close(): void;
  error(reason: unknown): void;
  readonly byobRequest?: { respond(bytes: number): void } | null;
}

/** What the streams of the tests were cancelled with. */
export const cancelled: unknown[] = [];

/** A stream of two chunks, which it creates when they are read. */
export function chunks(end: 'ends' | 'fails' | 'waits', type?: 'bytes'): ReadableStream {
  const values = ['one', 'two'];
  const source = {
    pull(controller: Controller) {
      const value = values.shift();
      if (value !== undefined) controller.enqueue(encoder.encode(value));
      else if (end === 'fails') controller.error(reset());
      else if (end === 'waits') return new Promise<void>(() => {});
      else {
        controller.close();
        controller.byobRequest?.respond(0);
      }
      return undefined;
    },
    cancel(reason: unknown) {
      cancelled.push(reason);
    },
  };
  return type === 'bytes'
    ? new ReadableStream({ ...source, type } as never)
    : new ReadableStream(source as never, { highWaterMark: 0 });
}

export async function read(stream: ReadableStream, count = Number.POSITIVE_INFINITY): Promise<string> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  while (parts.length < count) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
  }
  reader.releaseLock();
  return String(Buffer.concat(parts));
}

export async function pipe(stream: ReadableStream, options?: object): Promise<string> {
  const parts: Uint8Array[] = [];
  await stream.pipeTo(new WritableStream({ write: (chunk) => void parts.push(chunk) }), options as never);
  return String(Buffer.concat(parts));
}

/** Takes the span of the only call. */
export async function onlySpan(recorder: Recorder): Promise<RecordedSpan> {
  return (await recorder.take(1))[0]!;
}

/** Why the call of a span ended without a result. */
export function incomplete({ attributes }: RecordedSpan): unknown {
  return attributes['clew.client.incomplete'];
}

/** A `TypeError` of Node's own realm. */
export const REFUSED = { name: 'TypeError' };
/** The reason for which the tests leave streams. */
export const stop = new Error('enough');

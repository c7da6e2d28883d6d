// A call of an SDK client ends with its web stream.
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type ReadableStream, TransformStream, WritableStream } from 'node:stream/web';
import { recordSpans } from '../src/index.ts';
import { cancelled, chunks, download, incomplete, onlySpan, pipe, read, stop } from './web-streams.ts';

const recorder = recordSpans();
const only = () => onlySpan(recorder);

const bothOf = async (branches: readonly ReadableStream[]) => {
  const [first, second] = await Promise.all(branches.map((branch) => read(branch)));
  return first === second ? first! : `${first} and ${second}`;
};

/** The ways to read a stream to its end. */
const WAYS: Readonly<Record<string, (stream: ReadableStream) => Promise<string>>> = {
  'a reader': read,
  'two readers': async (stream) => `${await read(stream, 1)}${await read(stream)}`,
  'a loop': (stream) => text(stream as never),
  'values()': (stream) => text(Readable.from(stream.values())),
  'pipeTo()': pipe,
  'pipeTo() without cancellation': (stream) => pipe(stream, { preventCancel: true }),
  'pipeThrough()': (stream) => read(stream.pipeThrough(new TransformStream())),
  'tee()': (stream) => bothOf(stream.tee()),
  'a stream of Node': (stream) => text(Readable.fromWeb(stream as never)),
  'a response': (stream) => new Response(stream as never).text(),
};

afterEach(() => cancelled.splice(0));

describe.each(Object.entries(WAYS))('a web stream that is read by %s', (way, consume) => {
  test.each([undefined, 'bytes' as const])('ends its call at its end (type %s)', async (type) => {
    const stream = await download(chunks('ends', type));
    expect(recorder.open()).toHaveLength(1);
    expect(await consume(stream)).toBe('onetwo');
    const span = await only();
    expect(incomplete(span)).toBeUndefined();
    const chunkEvents = span.events.map(({ name }) => name);
    // Such a pipe is not read through. Node 26 reads for its own streams without calling the reader.
    if (way === 'pipeTo() without cancellation') expect(chunkEvents).toEqual([]);
    else if (way === 'a stream of Node') expect(chunkEvents.length).toBeLessThanOrEqual(1);
    else expect(chunkEvents).toEqual(['first chunk']);
  });

  test('fails its call with its error', async () => {
    await expect(download(chunks('fails')).then(consume)).rejects.toThrow();
    const span = await only();
    expect(span.attributes['error.type']).toBe('ECONNRESET');
    expect(span.events.filter(({ name }) => name === 'exception')).toHaveLength(1);
  });

  test('has the chunks and the lock that it has without the plugin', async () => {
    const lockedAfter = async (stream: ReadableStream) => {
      await consume(stream);
      return stream.locked;
    };
    const traced = await lockedAfter(await download(chunks('ends')));
    await only();
    expect(traced).toBe(await lockedAfter(chunks('ends')));
  });
});

/** The ways to leave a stream after its first chunk. */
const LEAVES: Readonly<Record<string, (stream: ReadableStream) => Promise<unknown>>> = {
  'the cancellation of a reader': async (stream) => {
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel(stop);
  },
  'the cancellation of a reader that waits': async (stream) => {
    const reader = stream.getReader();
    for (let count = 0; count < 2; count++) await reader.read();
    const waiting = reader.read();
    await reader.cancel(stop);
    expect((await waiting).done).toBe(true);
  },
  'its own cancellation': async (stream) => {
    await read(stream, 1);
    await stream.cancel(stop);
  },
  'a loop': async (stream) => {
    for await (const _chunk of stream) break;
  },
  'a writer that fails': (stream) =>
    stream
      .pipeTo(
        new WritableStream({
          write() {
            throw stop;
          },
        }),
      )
      .catch(() => {}),
  'the other side of a pipe': async (stream) => {
    const reader = stream.pipeThrough(new TransformStream()).getReader();
    await reader.read();
    await reader.cancel(stop);
  },
  'both branches': async (stream) => {
    await Promise.all(stream.tee().map((branch) => branch.cancel(stop)));
  },
};

test.each(Object.entries(LEAVES))(
  'a web stream that is left by %s abandons its call',
  async (_name, leave) => {
    await leave(await download(chunks('waits')));
    const span = await only();
    expect(incomplete(span)).toBe('abandoned');
    expect(span.attributes).not.toHaveProperty(['error.type']);
    expect(cancelled).toHaveLength(1);
  },
);

test('a web stream that is cancelled because of an abort cancels its call', async () => {
  const stream = await download(chunks('waits'));
  await stream.cancel(new DOMException('aborted', 'AbortError'));
  expect(incomplete(await only())).toBe('cancelled');
});

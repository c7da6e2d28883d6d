// Web streams of calls behave as they do without the plugin.
import { ReadableStream, TransformStream, WritableStream } from 'node:stream/web';
import { recordSpans } from '../src/index.ts';
import {
  type Controller,
  chunks,
  download,
  encoder,
  incomplete,
  onlySpan,
  REFUSED,
  read,
  stop,
} from './web-streams.ts';

const recorder = recordSpans();
const only = () => onlySpan(recorder);

test('a loop that keeps the stream leaves it to another reader', async () => {
  const stream = await download(chunks('ends'));
  for await (const _chunk of stream.values({ preventCancel: true })) break;
  expect(recorder.open()).toHaveLength(1);
  expect(await read(stream)).toBe('two');
  expect(incomplete(await only())).toBeUndefined();
});

test.each([true, 1])(
  'a pipe that keeps the stream (%p) leaves it to another reader if its writer fails',
  async (kept) => {
    const restOf = async (stream: ReadableStream) => {
      const failing = new WritableStream({ write: () => Promise.reject(stop) });
      await expect(stream.pipeTo(failing, { preventCancel: kept as boolean })).rejects.toBe(stop);
      return read(stream);
    };
    const untraced = await restOf(chunks('ends'));
    expect(await restOf(await download(chunks('ends')))).toBe(untraced);
    expect(incomplete(await only())).toBeUndefined();
  },
);

test('a reader that is released while it waits does not end the call', async () => {
  const stream = await download(chunks('waits'));
  const reader = stream.getReader();
  for (let count = 0; count < 2; count++) await reader.read();
  const waiting = reader.read();
  reader.releaseLock();
  await expect(waiting).rejects.toMatchObject(REFUSED);
  await expect(reader.cancel()).rejects.toMatchObject(REFUSED);
  expect(recorder.open()).toHaveLength(1);
  await stream.cancel();
  expect(incomplete(await only())).toBe('abandoned');
});

test('a call that is refused without the plugin is refused with it, and leaves the stream unlocked', async () => {
  const stream = await download(chunks('ends'));
  await expect(stream.pipeTo({} as never)).rejects.toMatchObject(REFUSED);
  expect(() => stream.pipeThrough({} as never)).toThrow(expect.objectContaining(REFUSED));
  expect(() => stream.getReader({ mode: 'byob' })).toThrow(expect.objectContaining(REFUSED));
  expect(stream.locked).toBe(false);
  const reader = stream.getReader();
  expect(() => stream.tee()).toThrow(expect.objectContaining(REFUSED));
  await expect(stream.cancel()).rejects.toMatchObject(REFUSED);
  reader.releaseLock();
  expect(await read(stream)).toBe('onetwo');
  await only();
});

test('a stream of bytes and its branches have readers with buffers of their own', async () => {
  const readWithBuffers = async (stream: ReadableStream) => {
    const reader = stream.getReader({ mode: 'byob' });
    const parts: Uint8Array[] = [];
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(2));
      if (done) return String(Buffer.concat(parts));
      parts.push(value as Uint8Array);
    }
  };
  expect(await readWithBuffers(await download(chunks('ends', 'bytes')))).toBe('onetwo');
  await only();
  const branches = (await download(chunks('ends', 'bytes'))).tee();
  expect(await Promise.all(branches.map(readWithBuffers))).toEqual(['onetwo', 'onetwo']);
  await only();
});

test('the other side of a pipe closes at the end of the stream, although nothing more is read', async () => {
  let controller: Controller | undefined;
  const stream = await download(
    new ReadableStream({
      start(given) {
        controller = given as Controller;
      },
    }),
  );
  const reader = stream.pipeThrough(new TransformStream()).getReader();
  controller!.enqueue(encoder.encode('one'));
  await reader.read();
  controller!.close();
  await reader.closed;
  expect(incomplete(await only())).toBeUndefined();
});

test('methods keep their names and lengths, and the stream has no new keys', async () => {
  const shapeOf = (stream: ReadableStream) => {
    const names = ['getReader', 'cancel', 'values', 'pipeTo', 'pipeThrough', 'tee'] as const;
    const shapes = names.map((name) => `${stream[name].name}(${stream[name].length})`);
    const reader = stream.getReader();
    return [...shapes, reader.read.name, reader.read.length, Object.keys(stream), Object.keys(reader)];
  };
  const stream = await download(chunks('waits'));
  expect(shapeOf(stream)).toEqual(shapeOf(chunks('waits')));
  expect(Object.prototype.toString.call(stream)).toBe('[object ReadableStream]');
  recorder.reset();
});

test('the error of an option is the error of the pipe', async () => {
  const options = {
    get preventCancel(): boolean {
      throw stop;
    },
  };
  const stream = await download(chunks('ends'));
  await expect(stream.pipeTo(new WritableStream(), options)).rejects.toBe(stop);
  expect(() => stream.values(options)).toThrow(stop);
  expect(await read(stream)).toBe('onetwo');
  await only();
});

describe('a class of the application', () => {
  const Base = ReadableStream as unknown as new (source?: object) => ReadableStream;
  const source = { pull: (controller: Controller) => controller.close() };

  test('keeps the methods that it overrides', async () => {
    const called: string[] = [];
    class Own extends Base {
      override pipeTo(...args: Parameters<ReadableStream['pipeTo']>) {
        called.push('pipeTo');
        return super.pipeTo(...args);
      }
      override tee() {
        called.push('tee');
        return super.tee();
      }
    }
    const piped = await download(new Own(source));
    await piped.pipeTo(new WritableStream());
    expect(incomplete(await only())).toBeUndefined();
    const failing = new WritableStream({ write: () => Promise.reject(stop) });
    const left = await download(
      new Own({ start: (controller: Controller) => controller.enqueue(encoder.encode('one')) }),
    );
    await expect(left.pipeTo(failing)).rejects.toBe(stop);
    expect(incomplete(await only())).toBe('abandoned');
    (await download(new Own(source))).tee();
    expect(called).toEqual(['pipeTo', 'pipeTo', 'tee']);
    // Its branches do not show how the stream ends: the call ends when the stream is garbage.
    recorder.reset();
  });

  test('may have readers that lack members', async () => {
    class Own extends Base {
      override getReader(): never {
        const reader = super.getReader();
        return { read: () => reader.read() } as never;
      }
    }
    const reader = (await download(new Own(source))).getReader() as ReadableStreamDefaultReader;
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    expect(incomplete(await only())).toBeUndefined();
  });

  test('may have readers and iterators that are not objects', async () => {
    class Own extends Base {
      override getReader(): never {
        return null as never;
      }
      override values(): never {
        return 7 as never;
      }
    }
    const stream = await download(new Own());
    expect([stream.getReader(), stream.values()]).toEqual([null, 7]);
    recorder.reset();
  });

  test('may not let Node read with its readers', async () => {
    class Own extends Base {
      override getReader(): never {
        throw stop;
      }
    }
    const stream = await download(new Own(source));
    await stream.pipeTo(new WritableStream());
    expect(incomplete(await only())).toBeUndefined();
  });
});

// The template for SDK clients with streams of Node.
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { client } from '@clew/core/plugin';
import { recordSpans, suiteTools } from '../src/index.ts';

const recorder = recordSpans();
const operation = client.operation({ service: 'store', method: 'get' });

/** A call that delivers a stream of Node. */
async function download(chunks: Iterable<string> | AsyncIterable<string>): Promise<Readable> {
  const tools = suiteTools({ requireParentSpan: false, ignore: [] });
  const call = client.startCall(tools, () => ({ operation }))!;
  const send = async () => Readable.from(chunks, { objectMode: false });
  return call.settle(call.run(send), (stream) => void client.traceReadable(call, stream));
}

async function* broken() {
  yield 'one';
  throw Object.assign(new Error('the connection was reset'), { code: 'ECONNRESET' });
}

test('the call ends with the stream, and notes its first chunk', async () => {
  const stream = await download(['one', 'two']);
  expect(recorder.open()).toHaveLength(1);
  expect(stream.readableFlowing).toBeNull();
  expect(String(await buffer(stream))).toBe('onetwo');
  const [span] = await recorder.take(1);
  expect(span?.name).toBe('store/get');
  expect(span?.events.map(({ name }) => name)).toEqual(['first chunk']);
  expect(span?.attributes).not.toHaveProperty(['clew.client.incomplete']);
  expect(Object.hasOwn(stream, 'push')).toBe(false);
});

test('a stream that fails is a failure, which the application receives', async () => {
  const stream = await download(broken());
  await expect(buffer(stream)).rejects.toThrow('the connection was reset');
  const [span] = await recorder.take(1);
  expect(span?.attributes['error.type']).toBe('ECONNRESET');
  expect(span?.events.filter(({ name }) => name === 'exception')).toHaveLength(1);
});

test('a stream that the application destroys is abandoned', async () => {
  const stream = await download(['one', 'two']);
  stream.destroy();
  const [span] = await recorder.take(1);
  expect(span?.attributes['clew.client.incomplete']).toBe('abandoned');
  expect(span?.attributes).not.toHaveProperty(['error.type']);
});

test('a loop that is left abandons the stream', async () => {
  for await (const _chunk of await download(['one', 'two'])) break;
  const [span] = await recorder.take(1);
  expect(span?.attributes['clew.client.incomplete']).toBe('abandoned');
});

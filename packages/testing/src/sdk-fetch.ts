import type { SdkTransport } from './sdk-driver.ts';
import type { SdkReply } from './sdk-server.ts';

/** The bodies of the responses of an API. */
export interface SdkBodies {
  readonly result: object;
  /** The body of a response with the status 400. */
  readonly failure: object;
  /** The status of a response after which the SDK sends the request again: by default 429. */
  readonly busyStatus?: number;
  /** The text of a chunk of a stream, with the line breaks of its server-sent event. */
  chunk(index: number): string;
  /** The text after the last chunk. */
  readonly lastChunk?: string;
}

/**
 * Returns a `fetch` for an SDK that is configured with one. A failure is a response with the status 400; `busy` has
 * `busyStatus`, and asks for a retry at once.
 */
export function sdkFetch(transport: SdkTransport, bodies: SdkBodies): typeof fetch {
  return async (_url, init) => {
    const signal = init?.signal;
    const reply = await transport({ signal });
    signal?.throwIfAborted();
    return responseOf(reply, bodies, signal);
  };
}

function responseOf(reply: SdkReply, bodies: SdkBodies, signal: AbortSignal | null | undefined): Response {
  if (reply.kind === 'chunks') {
    const headers = { 'content-type': 'text/event-stream' };
    return new Response(bodyOf(reply.chunks, bodies, signal), { headers });
  }
  if (reply.kind === 'result') return Response.json(bodies.result);
  return Response.json(bodies.failure, {
    status: reply.kind === 'busy' ? (bodies.busyStatus ?? 429) : 400,
    headers: { 'retry-after-ms': '1' },
  });
}

/** Like the body of a real `fetch`, it fails when the request is aborted. */
function bodyOf(
  chunks: AsyncIterable<number>,
  bodies: SdkBodies,
  signal: AbortSignal | null | undefined,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const iterator = chunks[Symbol.asyncIterator]();
  const { promise: aborted, reject: abort } = Promise.withResolvers<never>();
  aborted.catch(() => {});
  signal?.addEventListener('abort', () => abort(signal.reason), { once: true });
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await Promise.race([iterator.next(), aborted]);
      const text = done === true ? (bodies.lastChunk ?? '') : bodies.chunk(value);
      if (text !== '') controller.enqueue(encoder.encode(text));
      if (done === true) controller.close();
    },
  });
}

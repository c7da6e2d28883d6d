import { currentSpanId } from './subject.ts';

/**
 * The reply to a request: a result, a failure that is not retried, a failure that may be retried, no reply until the
 * request is aborted, or chunks.
 */
export type SdkReply =
  | { readonly kind: 'result' | 'failure' | 'busy' }
  | { readonly kind: 'silence' }
  | { readonly kind: 'chunks'; readonly chunks: AsyncIterable<number> };

/** The server of an SDK, in memory: sends the given replies in order, then results. */
export class SdkServer {
  readonly replies: SdkReply[] = [];
  /** The id of the span that was current when a request was sent, for each request. */
  readonly senders: string[] = [];

  readonly transport = async ({ signal }: { signal?: AbortSignal | null | undefined }): Promise<SdkReply> => {
    this.senders.push(currentSpanId());
    const reply = this.replies.shift() ?? { kind: 'result' };
    if (reply.kind === 'silence') await aborted(signal);
    return reply;
  };
}

/** A reply in chunks, which then ends, fails or sends nothing more. */
export function chunks(count: number, then: 'ends' | 'fails' | 'hangs' = 'ends'): SdkReply {
  return { kind: 'chunks', chunks: generate(count, then) };
}

async function* generate(count: number, then: 'ends' | 'fails' | 'hangs'): AsyncGenerator<number> {
  for (let index = 0; index < count; index++) yield index;
  if (then === 'fails') throw Object.assign(new Error('the connection was reset'), { code: 'ECONNRESET' });
  if (then === 'hangs') await new Promise(() => {});
}

/** Rejects when the signal is aborted. */
function aborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = () => reject(signal?.reason);
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

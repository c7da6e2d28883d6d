import assert from 'node:assert/strict';
import type { Attributes } from '@opentelemetry/api';
import { prepareRecorder, type Recorder } from './recorder.ts';
import type { RecordedSpan } from './recording-span.ts';
import { type SdkReply, SdkServer } from './sdk-server.ts';
import { type SubjectAdapter, tracing } from './subject.ts';
import type { Skips } from './suite.ts';

/** A request that the SDK sends, as the suite sees it. */
export interface SdkRequest {
  readonly signal?: AbortSignal | null | undefined;
}

/** Sends a request for the SDK. It must be called where the SDK would write to its connection. */
export type SdkTransport = (request: SdkRequest) => Promise<SdkReply>;

/** The arguments of a call that the suite chooses. */
export interface SdkCall {
  readonly signal?: AbortSignal;
}

/** A client of the SDK. Methods that the SDK lacks are left out; their tests are skipped by name. */
export interface SdkSession {
  /** Sends one request, and returns what the SDK returns. */
  call(call?: SdkCall): PromiseLike<unknown>;
  /** A call whose result is a stream. */
  stream?(call?: SdkCall): PromiseLike<AsyncIterable<unknown>>;
  /** Splits a stream between two consumers. */
  tee?(stream: AsyncIterable<unknown>): readonly AsyncIterable<unknown>[];
  /** Lists the given number of pages: one request for each. */
  pages?(count: number): AsyncIterable<unknown>;
  /** A call that needs a token, which concurrent calls share: one request for the token, then one for each call. */
  callWithToken?(): PromiseLike<unknown>;
  /** Returns a result that sends its request when `then` is called for the first time. */
  lazy?(): PromiseLike<unknown>;
  /** A call that throws at once. */
  refused?(): unknown;
  close?(): Promise<void>;
}

/** The adapter of an SDK's client. */
export interface ClientAdapter extends SubjectAdapter {
  /** `openai 7` */
  readonly name: string;
  readonly skips?: Skips;
  /** The name and some of the attributes of the span of `call()`. */
  readonly span: { readonly name: string; readonly attributes: Attributes };
  /** The name of the span of `stream()`; by default that of `call()`. */
  readonly streamName?: string;
  /** The attribute for the time to the first chunk, if it is not an event. */
  readonly firstChunkAttribute?: string;
  /** `error.type` of a call whose reply is a failure. */
  readonly failureType: string;
  /** Whether the SDK retries a request with the response `busy`. */
  readonly retries?: boolean;
  /** What the SDK lacks, as reasons: `stream: 'it has no streams'`. A method without a reason must exist. */
  readonly lacks?: { readonly [Method in Optional]?: string };
  /** Creates a client that sends its requests with the given function. */
  open(transport: SdkTransport): Promise<SdkSession>;
}

type Optional = 'stream' | 'tee' | 'pages' | 'callWithToken' | 'lazy' | 'refused';

/** The common steps of the tests of an SDK's client. */
export interface SdkDriver {
  readonly adapter: ClientAdapter;
  readonly recorder: Recorder;
  /** Runs `work` with the plugin enabled. */
  connected<T>(options: object, work: (session: SdkSession, server: SdkServer) => Promise<T>): Promise<T>;
  /** Runs one call with the given replies, and returns its only span. */
  callOne(
    replies: readonly SdkReply[],
    call?: (session: SdkSession, server: SdkServer) => PromiseLike<unknown>,
    options?: object,
  ): Promise<Called>;
}

/** A completed call. */
export interface Called {
  readonly outcome: PromiseSettledResult<unknown>;
  readonly span: RecordedSpan;
  readonly server: SdkServer;
}

/** Creates the steps for an SDK's adapter. */
export function driveSdk(adapter: ClientAdapter): SdkDriver {
  const recorder = prepareRecorder();
  const connected: SdkDriver['connected'] = (options, work) =>
    tracing(adapter, options, async () => {
      const server = new SdkServer();
      const session = await adapter.open(server.transport);
      try {
        return await work(session, server);
      } finally {
        await session.close?.();
      }
    });
  return {
    adapter,
    recorder,
    connected,
    callOne: (replies, call = (session) => session.call(), options = {}) =>
      connected(options, async (session, server) => {
        server.replies.push(...replies);
        const [outcome] = await Promise.allSettled([call(session, server)]);
        // The adapter lacks what the test needs: there is no span to wait for.
        if (outcome.status === 'rejected' && outcome.reason instanceof assert.AssertionError)
          throw outcome.reason;
        const [span] = await recorder.take(1);
        assert(span);
        return { outcome, span, server };
      }),
  };
}

/** Returns a method of the session. Throws if the adapter has neither the method nor a reason. */
export function method<Name extends Optional>(
  session: SdkSession,
  name: Name,
): NonNullable<SdkSession[Name]> {
  const found = session[name];
  assert(found, `expected ${name} from open(), or a reason in lacks.${name}`);
  return found as NonNullable<SdkSession[Name]>;
}

/** Reads a stream to its end and returns the number of its chunks. */
export async function readAll(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _chunk of stream) count++;
  return count;
}

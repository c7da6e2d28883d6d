import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { prepareRecorder, type Recorder } from './recorder.ts';
import type { RecordedSpan } from './recording-span.ts';
import { type SubjectAdapter, tracing } from './subject.ts';
import type { Skips } from './suite.ts';
import { type Listening, listenOn, whileServing } from './suite-server.ts';

/** One call of the suite. */
export interface ClientCall {
  readonly url: string;
  /** `GET` by default. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Called when the application receives the response: in the library's callback, or after its promise. */
  readonly onResponse?: () => void;
  /** Called at each event of the request, the response and its body that the library exposes. */
  readonly onEvent?: () => void;
  /** Calls with the same session share one connection. */
  readonly session?: ClientSession;
  /** Whether to `read` the body (default), or to `discard` it with the library's own function. */
  readonly body?: 'read' | 'discard';
}

/** A connection that calls share. The adapter sets the function that closes it. */
export interface ClientSession {
  close?: () => Promise<void> | void;
}

/** The adapter of an HTTP client. */
export interface HttpClientAdapter extends SubjectAdapter {
  /** `undici` */
  readonly name: string;
  readonly skips?: Skips;
  /** Options of the plugin in all tests, so that it ignores servers in the same process. */
  readonly options?: object;
  /** Key and certificate of the suite's server, for a client of `https`. */
  tls?(): Promise<{ readonly key: string; readonly cert: string }>;
  /** Makes a call. Resolves with status and body when the body has been read; rejects with the library's own error. */
  call(call: ClientCall): Promise<{ readonly status: number; readonly body: string }>;
}

/** The outcome of a call. */
export type Answer = Awaited<ReturnType<HttpClientAdapter['call']>>;

/** The common steps of the tests of a client. */
export interface ClientDriver {
  readonly adapter: HttpClientAdapter;
  readonly recorder: Recorder;
  listen(peer: RequestListener): Promise<Listening>;
  /** Runs `work` with a server and with the plugin enabled. */
  calling<T>(peer: RequestListener, options: object, work: (url: string) => Promise<T>): Promise<T>;
  /** Makes one call, which may fail, and returns its outcome and its only span. */
  callOne(
    peer: RequestListener,
    options?: object,
    call?: Partial<ClientCall> & { target?: string },
  ): Promise<Called>;
}

/** A completed call. */
export interface Called {
  readonly outcome: PromiseSettledResult<Answer>;
  readonly span: RecordedSpan;
  /** The URL of the server, without path and query. */
  readonly url: string;
}

/** Creates the steps for a client's adapter. */
export function driveClient(adapter: HttpClientAdapter): ClientDriver {
  const recorder = prepareRecorder();
  const listen: ClientDriver['listen'] = async (peer) => {
    const tls = await adapter.tls?.();
    return tls ? listenOn(createSecureServer(tls, peer), 'https') : listenOn(createServer(peer));
  };
  const calling: ClientDriver['calling'] = (peer, options, work) =>
    tracing(adapter, { ...adapter.options, ...options }, () => whileServing(listen(peer), work));
  return {
    adapter,
    recorder,
    listen,
    calling,
    callOne: (peer, options = {}, { target = '/', ...call } = {}) =>
      calling(peer, options, async (url) => {
        const [outcome] = await Promise.allSettled([adapter.call({ url: url + target, ...call })]);
        const [span] = await recorder.take(1);
        assert(span);
        return { outcome, span, url };
      }),
  };
}

/** A server that responds with `ok`. */
export const ok: RequestListener = (_request, response) => response.end('ok');

/** A server that responds with the received headers as JSON. */
export const echo: RequestListener = (request, response) => response.end(JSON.stringify(request.headers));

/** Returns the response of a call that must have succeeded. */
export function fulfilled(outcome: PromiseSettledResult<Answer>): Answer {
  assert(outcome.status === 'fulfilled', String((outcome as PromiseRejectedResult).reason));
  return outcome.value;
}

import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { prepareRecorder, type Recorder } from './recorder.ts';
import type { RecordedSpan } from './recording-span.ts';
import { type SubjectAdapter, tracing } from './subject.ts';
import type { Skips } from './suite.ts';
import { type Listening, listenOn, whileServing } from './suite-server.ts';

/** One call as the suite asks for it. */
export interface ClientCall {
  readonly url: string;
  /** `GET` by default. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Called where the library gives the answer to the program: in its callback, or right after its promise. */
  readonly onAnswer?: () => void;
  /** Called at each event of the request, the response and its body that the library shows to the application. */
  readonly onEvent?: () => void;
  /** Calls with the same session share one connection. */
  readonly session?: ClientSession;
  /** What becomes of the body; `read` by default, `discard` throws it away unread in the library's own way. */
  readonly body?: 'read' | 'discard';
}

/** A connection that calls share; the adapter puts there what closes it. */
export interface ClientSession {
  close?: () => Promise<void> | void;
}

/** An HTTP client as the suite drives it. */
export interface HttpClientAdapter extends SubjectAdapter {
  /** `undici` */
  readonly name: string;
  readonly skips?: Skips;
  /** Options of the plugin that all tests have, to leave servers in the same process alone. */
  readonly options?: object;
  /** Key and certificate of the suite's server, for a client of `https`. */
  tls?(): Promise<{ readonly key: string; readonly cert: string }>;
  /** Makes a call. Resolves to status and body when all is over; rejects with the library's own error. */
  call(call: ClientCall): Promise<{ readonly status: number; readonly body: string }>;
}

/** What a call came to. */
export type Answer = Awaited<ReturnType<HttpClientAdapter['call']>>;

/** What the tests of a client do again and again. */
export interface ClientDriver {
  readonly adapter: HttpClientAdapter;
  readonly recorder: Recorder;
  listen(peer: RequestListener): Promise<Listening>;
  /** Has a server, and the plugin on, while `work` runs. */
  calling<T>(peer: RequestListener, options: object, work: (url: string) => Promise<T>): Promise<T>;
  /** One call that succeeds or fails, and the one span that it makes. */
  callOne(
    peer: RequestListener,
    options?: object,
    call?: Partial<ClientCall> & { target?: string },
  ): Promise<Called>;
}

/** A call that is over. */
export interface Called {
  readonly outcome: PromiseSettledResult<Answer>;
  readonly span: RecordedSpan;
  /** Of the server, without the target. */
  readonly url: string;
}

/** Drives a client by its adapter. */
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

/** A server that says ok. */
export const ok: RequestListener = (_request, response) => response.end('ok');

/** A server that answers the headers that it got, as JSON. */
export const echo: RequestListener = (request, response) => response.end(JSON.stringify(request.headers));

/** The answer of a call that must have succeeded. */
export function fulfilled(outcome: PromiseSettledResult<Answer>): Answer {
  assert(outcome.status === 'fulfilled', String((outcome as PromiseRejectedResult).reason));
  return outcome.value;
}

import type { ClientCall, HttpClientAdapter } from '@clew/testing';
import * as undici5 from 'undici5';
import * as undici6 from 'undici6';
import * as undici7 from 'undici7';
import * as undici8 from 'undici8';
import { UndiciInstrumentation } from '../src/index.ts';

type Undici = typeof undici8;

/** Versions whose types differ in what no test looks at. */
export const VERSIONS = { undici5, undici6, undici7, undici8 } as unknown as Record<string, Undici>;

/** The suite speaks the words of the plugin for HTTP. */
const WORDS: Readonly<Record<string, string>> = {
  ignoreOutgoingRequestHook: 'ignoreRequestHook',
  outgoingRequestHook: 'requestHook',
  outgoingResponseHook: 'responseHook',
  requireParentforOutgoingSpans: 'requireParentforSpans',
};

export function instrument(options: object = {}, undici?: Undici) {
  const { capturedOutgoingRequestHeaders, capturedOutgoingResponseHeaders, ...rest } = options as {
    readonly capturedOutgoingRequestHeaders?: readonly string[];
    readonly capturedOutgoingResponseHeaders?: readonly string[];
  };
  const renamed = Object.entries(rest).map(([name, value]) => [WORDS[name] ?? name, value]);
  const instance = new UndiciInstrumentation({
    ...Object.fromEntries(renamed),
    headersToSpanAttributes: {
      requestHeaders: capturedOutgoingRequestHeaders ?? [],
      responseHeaders: capturedOutgoingResponseHeaders ?? [],
    },
  });
  if (undici) instance.instrument(undici);
  return instance;
}

/** A call with `request()`, on a connection of its own. */
export function requestWith({ request, Agent }: Undici): HttpClientAdapter['call'] {
  return async (call: ClientCall) => {
    const dispatcher = new Agent({ pipelining: 0 });
    const { url, method = 'GET', headers = {}, signal, onAnswer, body = 'read' } = call;
    try {
      const answer = await request(url, { method: method as 'GET', headers, signal, dispatcher } as object);
      onAnswer?.();
      if (body === 'discard') await answer.body.dump();
      return { status: answer.statusCode, body: body === 'read' ? await answer.body.text() : '' };
    } finally {
      await dispatcher.destroy();
    }
  };
}

export function fetchWith(fetch: typeof globalThis.fetch): HttpClientAdapter['call'] {
  return async ({ url, method = 'GET', headers = {}, signal, onAnswer, body = 'read' }) => {
    const answer = await fetch(url, { method, headers, ...(signal && { signal }) });
    onAnswer?.();
    if (body === 'discard') await answer.body?.cancel();
    return { status: answer.status, body: body === 'read' ? await answer.text() : '' };
  };
}

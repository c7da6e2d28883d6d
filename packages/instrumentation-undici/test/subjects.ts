import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ClientCall, ClientSession, HttpClientAdapter } from '@clew/testing';
import * as undici5 from 'undici5';
import * as undici6 from 'undici6';
import * as undici7 from 'undici7';
import type { Dispatcher } from 'undici8';
import * as undici8 from 'undici8';
import { UndiciInstrumentation } from '../src/index.ts';

type Undici = typeof undici8;

/** The versions' types differ only in parts that no test uses. */
export const VERSIONS = { undici5, undici6, undici7, undici8 } as unknown as Record<string, Undici>;

/** Renames the suite's options, which are those of the HTTP plugin, to this plugin's. */
const OPTION_NAMES: Readonly<Record<string, string>> = {
  ignoreOutgoingRequestHook: 'ignoreRequestHook',
  startOutgoingSpanHook: 'startSpanHook',
  outgoingRequestHook: 'requestHook',
  outgoingResponseHook: 'responseHook',
  requireParentforOutgoingSpans: 'requireParentforSpans',
};

export function instrument(options: object = {}, undici?: Undici) {
  const { capturedOutgoingRequestHeaders, capturedOutgoingResponseHeaders, ...rest } = options as {
    readonly capturedOutgoingRequestHeaders?: readonly string[];
    readonly capturedOutgoingResponseHeaders?: readonly string[];
  };
  const renamed = Object.entries(rest).map(([name, value]) => [OPTION_NAMES[name] ?? name, value]);
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

const BODY_EVENTS = ['data', 'end', 'close'] as const;

/** The agents shared by the calls of a session. */
const agents = new WeakMap<ClientSession, Dispatcher>();

/** Sends a request with `request()`, on a new connection unless there is a session. */
export function requestWith({ request, Agent }: Undici): HttpClientAdapter['call'] {
  return async (call: ClientCall) => {
    const { url, method = 'GET', headers = {}, signal, onResponse, onEvent, session, body = 'read' } = call;
    const dispatcher = session ? agentOf(session, Agent) : new Agent({ pipelining: 0 });
    try {
      const response = await request(url, { method: method as 'GET', headers, signal, dispatcher } as object);
      onResponse?.();
      if (body === 'discard') await response.body.dump();
      if (onEvent) for (const event of BODY_EVENTS) response.body.on(event, onEvent);
      const text = body === 'read' ? await textOf(response.body) : '';
      return { status: response.statusCode, body: text };
    } finally {
      if (session === undefined) await dispatcher.destroy();
    }
  };
}

function agentOf(session: ClientSession, Agent: Undici['Agent']): Dispatcher {
  const agent = agents.get(session) ?? new Agent({ connections: 1 });
  agents.set(session, agent);
  session.close = () => agent.destroy();
  return agent;
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await finished(stream);
  return text;
}

export function fetchWith(fetch: typeof globalThis.fetch): HttpClientAdapter['call'] {
  return async ({
    url,
    method = 'GET',
    headers = {},
    signal,
    onResponse,
    onEvent,
    session,
    body = 'read',
  }) => {
    const dispatcher = session && agentOf(session, VERSIONS.undici7!.Agent);
    const options = { method, headers, ...(signal && { signal }), ...(dispatcher && { dispatcher }) };
    const response = await fetch(url, options as object);
    onResponse?.();
    if (body === 'discard') await response.body?.cancel();
    const decoder = new TextDecoder();
    let text = '';
    if (body === 'read' && response.body) {
      for await (const chunk of response.body) {
        onEvent?.();
        text += decoder.decode(chunk, { stream: true });
      }
    }
    return { status: response.status, body: text };
  };
}

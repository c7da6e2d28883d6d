import { createServer, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { listenOn } from '@clew/testing';
import { completionFor, formatOf } from './model-formats.ts';

/** What the server does with a request; the first part of its path. */
export type Behaviour = 'normal' | 'resets' | 'busy' | 'fails' | 'refuses' | 'hangs' | 'malformed';

/**
 * Starts a server that streams server-sent events as the APIs of OpenAI, Anthropic and Google do, in pieces that cut events
 * apart. Requests for embeddings and for completions without a stream get them at once.
 */
export async function startModelServer() {
  /** The `traceparent` of each request. */
  const seen: unknown[] = [];
  const refused = new Set<unknown>();
  /** The responses that have not ended. */
  const open = new Set<ServerResponse>();
  const server = createServer(async (request, response) => {
    seen.push(request.headers.traceparent);
    open.add(response);
    response.on('close', () => open.delete(response));
    const [path = ''] = (request.url ?? '').split('?');
    const [, behaviour, id] = path.split('/');
    const format = formatOf(path);
    const body = (await json(request)) as Body;
    const isFirst = !refused.has(id);
    refused.add(id);
    if (behaviour === 'refuses' || (isFirst && (behaviour === 'busy' || behaviour === 'fails'))) {
      response.writeHead(STATUS[behaviour], {
        'content-type': 'application/json',
        'retry-after-ms': '5',
      });
      response.end(JSON.stringify(format.refusal));
      return;
    }
    if (path.endsWith('/embeddings')) {
      respond(response, { data: [{ index: 0, embedding: [1, 2] }], usage: { prompt_tokens: 20 } });
      return;
    }
    if (body.stream === false || (body.stream === undefined && path.endsWith('/completions'))) {
      respond(response, completionFor(body));
      return;
    }
    response.setHeader('content-type', 'text/event-stream');
    await send(response, format.chunk('One s3cr3t', 0));
    await send(response, format.chunk(' two.', 1));
    if (behaviour === 'resets') response.destroy();
    if (behaviour === 'hangs' || behaviour === 'resets') return;
    if (behaviour === 'malformed') await send(response, format.malformed);
    await send(response, format.end);
    response.end();
  });
  // A busy event loop must not reset idle connections that a client is about to use again.
  server.keepAliveTimeout = 0;
  const { url, close } = await listenOn(server);
  return {
    seen,
    /** The URL of an API with this behaviour; a request with a new `id` counts as the first one. */
    urlOf: (behaviour: Behaviour, id: number | string = 0) => `${url}/${behaviour}/${id}`,
    /** Breaks the responses that have not ended. */
    breakOpen: () => {
      for (const response of open) response.destroy();
    },
    close: () => {
      server.closeAllConnections();
      return close();
    },
  };
}

const STATUS = { busy: 429, fails: 500, refuses: 401 };

type Body = Parameters<typeof completionFor>[0] & { readonly stream?: boolean };

function respond(response: ServerResponse, body: object): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

/** Sends a text in two pieces with a random delay. */
async function send(response: ServerResponse, text: string): Promise<void> {
  const cut = Math.floor(Math.random() * text.length);
  response.write(text.slice(0, cut));
  await delay(Math.random() * 4);
  response.write(text.slice(cut));
}

import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { listenOn } from '@clew/testing';

/** What the server does with a request; the first part of its path. */
export type Behaviour = 'normal' | 'resets' | 'busy' | 'fails' | 'hangs';

const chunk = (content: string, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({
    id: 'chat-1',
    model: 'gpt-5-2026-01-01',
    choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason }],
  })}\n\n`;

/** Starts a server that streams server-sent events as the API of OpenAI does, in pieces that cut events apart. */
export async function startModelServer() {
  /** The `traceparent` of each request. */
  const seen: unknown[] = [];
  const refused = new Set<unknown>();
  const server = createServer(async (request, response) => {
    seen.push(request.headers.traceparent);
    request.resume();
    const [, behaviour, id] = (request.url ?? '').split('/');
    if ((behaviour === 'busy' || behaviour === 'fails') && !refused.has(id)) {
      refused.add(id);
      response.writeHead(behaviour === 'busy' ? 429 : 500, {
        'content-type': 'application/json',
        'retry-after-ms': '5',
      });
      response.end(JSON.stringify({ error: { message: 'the s3cr3t', code: 'rate_limit_exceeded' } }));
      return;
    }
    response.setHeader('content-type', 'text/event-stream');
    await send(response, chunk('One s3cr3t'));
    await send(response, chunk(' two.'));
    if (behaviour === 'resets') response.destroy();
    if (behaviour === 'hangs' || behaviour === 'resets') return;
    await send(response, chunk('', 'stop'));
    response.end('data: [DONE]\n\n');
  });
  const { url, close } = await listenOn(server);
  return {
    seen,
    /** The URL of an API with this behaviour; a request with a new `id` counts as the first one. */
    urlOf: (behaviour: Behaviour, id: number | string = 0) => `${url}/${behaviour}/${id}/v1`,
    close: () => {
      server.closeAllConnections();
      return close();
    },
  };
}

/** Sends a text in two pieces with a random delay. */
async function send(response: ServerResponse, text: string): Promise<void> {
  const cut = Math.floor(Math.random() * text.length);
  response.write(text.slice(0, cut));
  await delay(Math.random() * 4);
  response.write(text.slice(cut));
}

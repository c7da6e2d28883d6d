import { once } from 'node:events';
import type http from 'node:http';
import type https from 'node:https';
import type { HttpClientAdapter } from '@clew/testing';

type Module = typeof http | typeof https;

const REQUEST_EVENTS = ['socket', 'finish', 'response', 'close'] as const;
const RESPONSE_EVENTS = ['data', 'end', 'close'] as const;

const agents = new WeakMap<object, http.Agent>();

/** Makes a call of the suite with Node's own client. */
export function callWith(module: Module): HttpClientAdapter['call'] {
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
    const agent = session && agentOf(module, session);
    const options = {
      method,
      headers,
      rejectUnauthorized: false,
      ...(signal && { signal }),
      ...(agent && { agent }),
    };
    const request = module.request(url, options);
    const closed = once(request, 'close');
    closed.catch(() => {});
    if (onEvent) for (const event of REQUEST_EVENTS) request.on(event, onEvent);
    const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      request.on('response', (response) => {
        if (onEvent) for (const event of RESPONSE_EVENTS) response.on(event, onEvent);
        onResponse?.();
        const { statusCode: status = 0 } = response;
        if (body === 'discard') {
          response.destroy();
          resolve({ status, body: '' });
          return;
        }
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status, body: text }));
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end();
    });
    if (session) await closed;
    return answer;
  };
}

function agentOf({ Agent }: Module, session: { close?: () => void }): http.Agent {
  const agent = agents.get(session) ?? new Agent({ keepAlive: true, maxSockets: 1 });
  agents.set(session, agent);
  session.close = () => agent.destroy();
  return agent;
}

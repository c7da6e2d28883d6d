import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Constructor, End, Listening } from './apis.ts';

export const tools = [{ name: 'weather', inputSchema: { type: 'object' } }];
export const message = { role: 'user', content: { type: 'text', text: 'hello' } };
export const sampling = { messages: [message], maxTokens: 10 };
export const completion = { model: 'test', role: 'assistant', content: { type: 'text', text: 'hi' } };
export const capabilities = { tools: {}, resources: {}, prompts: {}, logging: {} };
export const info = { name: 'test', version: '1.0.0' };
const text = (value: unknown) => ({ content: [{ type: 'text', text: String(value) }] });
export const resultOf = (value: unknown) =>
  typeof value === 'object' && value !== null ? value : text(value);

/** A request to call a tool. */
export interface Request {
  readonly params: { readonly name: string; readonly arguments?: Record<string, unknown> };
}

interface HttpTransport {
  readonly sessionId?: string;
  handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** Stateful: the transport of a session serves its later requests. */
export async function listenWith(Transport: Constructor, newServer: () => End): Promise<Listening> {
  const sessions = new Map<unknown, HttpTransport>();
  const ends: End[] = [];
  const http = createServer(async (request, response) => {
    let transport = sessions.get(request.headers['mcp-session-id']);
    if (transport === undefined) {
      const created = new Transport({
        sessionIdGenerator: () => `session-${sessions.size}`,
        onsessioninitialized: (id: string) => sessions.set(id, created),
      }) as HttpTransport;
      transport = created;
      const end = newServer();
      ends.push(end);
      await end.connect(created);
    }
    await transport.handleRequest(request, response);
  });
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
  return {
    url: new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`),
    async close() {
      for (const end of ends) await end.close();
      http.closeAllConnections();
      await new Promise((closed) => http.close(closed));
    },
  };
}

import type { Api, Client, Constructor, End, Exports, Params, ToolControl } from './apis.ts';
import {
  capabilities,
  completion,
  info,
  listenWith,
  message,
  type Request,
  resultOf,
  sampling,
  tools,
} from './test-server.ts';

interface Context2 {
  readonly mcpReq: {
    readonly signal: AbortSignal;
    readonly _meta?: Record<string, unknown>;
    notify(notification: object): Promise<void>;
    send(request: object): Promise<unknown>;
  };
}

/** @modelcontextprotocol/client and server. */
export function apiOf2(): Api {
  const clientExports = require('@modelcontextprotocol/client') as Exports;
  const serverExports = require('@modelcontextprotocol/server') as Exports;
  const Server = serverExports.Server as Constructor;
  const Client = clientExports.Client as Constructor;
  return {
    name: '@modelcontextprotocol/client and server 2',
    protocols: [clientExports.Protocol as never, serverExports.Protocol as never],
    instrument(plugin) {
      plugin.instrument(clientExports, '@modelcontextprotocol/client');
      plugin.instrument(serverExports, '@modelcontextprotocol/server');
    },
    newServer(tool) {
      const server = new Server(info, { capabilities }) as End & {
        setRequestHandler(method: string, handler: (request: Request, ctx: Context2) => unknown): void;
      };
      server.setRequestHandler('tools/list', () => ({ tools }));
      server.setRequestHandler('resources/read', () => ({ contents: [] }));
      server.setRequestHandler('prompts/get', () => ({ messages: [message] }));
      server.setRequestHandler('tools/call', async (request, { mcpReq }) => {
        const control: ToolControl = {
          signal: mcpReq.signal,
          meta: mcpReq._meta,
          progress: (progress) =>
            mcpReq.notify({
              method: 'notifications/progress',
              params: { progressToken: mcpReq._meta?.progressToken, progress },
            }),
          log: (data) => mcpReq.notify({ method: 'notifications/message', params: { level: 'info', data } }),
          sample: () => mcpReq.send({ method: 'sampling/createMessage', params: sampling }),
        };
        return resultOf(await tool(request.params.arguments ?? {}, control));
      });
      return server;
    },
    newClient(sample = () => undefined) {
      const client = new Client(info, { capabilities: { sampling: {} } }) as Client & {
        setRequestHandler(method: string, handler: () => unknown): void;
      };
      client.setRequestHandler('sampling/createMessage', async () => (await sample()) ?? completion);
      return client;
    },
    call: (client, params, options) =>
      (client as unknown as { callTool(params: Params, options?: object): Promise<never> }).callTool(
        params,
        options,
      ),
    memory: () =>
      (clientExports.InMemoryTransport as { createLinkedPair(): [object, object] }).createLinkedPair(),
    stdio: (command, args, env) =>
      new (require('@modelcontextprotocol/client/stdio').StdioClientTransport as Constructor)({
        command,
        args,
        env,
      }),
    http: (url) => new (clientExports.StreamableHTTPClientTransport as Constructor)(url),
    listen: (newServer) =>
      listenWith(
        require('@modelcontextprotocol/node').NodeStreamableHTTPServerTransport as Constructor,
        newServer,
      ),
  };
}

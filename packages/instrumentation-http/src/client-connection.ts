import type { Agent, ClientRequest } from 'node:http';
import type { ConnectionPeer, Tools } from '@clew/core';

/** The options that decide where an agent connects to. */
interface ConnectionOptions {
  readonly host?: string | null;
  readonly port?: number | string | null;
  readonly socketPath?: string | null;
}

type AddRequest = (this: Agent, request: ClientRequest, options: unknown, ...legacy: unknown[]) => void;

/** The options that a request was given to its agent with: a request itself does not show its port. */
const givenOptions = new WeakMap<ClientRequest, ConnectionOptions>();

/** Remembers where each request that is given to an agent goes. Agents of `node:https` inherit the method. */
export function watchConnections(
  http: { readonly Agent: { readonly prototype: Agent } },
  tools: Tools<unknown>,
): void {
  tools.wrap<AddRequest>(
    http.Agent.prototype as Agent & { addRequest: AddRequest },
    'addRequest',
    (addRequest) =>
      function (request, options, ...legacy) {
        if (typeof options === 'object' && options !== null) givenOptions.set(request, options);
        return addRequest.call(this, request, options, ...legacy);
      },
  );
}

type Request = ClientRequest & {
  readonly agent?: (Agent & { readonly options?: ConnectionOptions }) | null;
  readonly socketPath?: string | null;
};

/** Where a request's connection goes. An agent's own options override those of a request, as in Node. */
export function peerOf(request: ClientRequest): ConnectionPeer {
  const socketPath = socketPathOf(request);
  if (socketPath !== undefined) return { host: socketPath, port: undefined };
  const own = (request as Request).agent?.options;
  const port = own?.port ?? givenOptions.get(request)?.port;
  return { host: withoutBrackets(own?.host ?? request.host), port: port == null ? undefined : Number(port) };
}

/** The Unix domain socket that a request goes to. */
export function socketPathOf(request: ClientRequest): string | undefined {
  const { agent, socketPath } = request as Request;
  return (agent?.options?.socketPath ?? givenOptions.get(request)?.socketPath ?? socketPath) || undefined;
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

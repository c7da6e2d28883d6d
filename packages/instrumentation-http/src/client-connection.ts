import type { Agent, ClientRequest } from 'node:http';
import type { ConnectionPeer, Tools } from '@clew/core/plugin';

/** The options that decide where an agent connects to. */
interface ConnectionOptions {
  readonly host?: string | null;
  readonly port?: number | string | null;
  readonly socketPath?: string | null;
}

type AddRequest = (this: Agent, request: ClientRequest, options: unknown, ...legacy: unknown[]) => void;

/**
 * Written for speed: the request that was last passed to its agent, with its options, because a request does not expose
 * its port. Node publishes the request directly afterwards. The plain form, a `WeakMap`, costs 0.25 µs a request.
 */
let added: { readonly request: ClientRequest; readonly options: ConnectionOptions } | undefined;

/** Records the options of each request that is passed to an agent. Agents of `node:https` inherit the method. */
export function watchConnections(agents: Agent, tools: Tools<unknown>): void {
  tools.wrap<AddRequest>(
    agents as Agent & { addRequest: AddRequest },
    'addRequest',
    (addRequest) =>
      function (request, options, ...legacy) {
        const result = addRequest.call(this, request, options, ...legacy);
        // Set after the call, because an agent may send other requests in it.
        added = typeof options === 'object' && options !== null ? { request, options } : undefined;
        return result;
      },
  );
}

type Request = ClientRequest & {
  readonly agent?: (Agent & { readonly options?: ConnectionOptions }) | null;
  readonly socketPath?: string | null;
};

/**
 * The peer of the connection of a request that was just created. An agent's own options override those of a request, as
 * in Node.
 */
export function peerOf(request: ClientRequest): ConnectionPeer {
  const options = added?.request === request ? added.options : undefined;
  added = undefined;
  const socketPath = socketPathOf(request);
  if (socketPath !== undefined) return { host: socketPath, port: undefined };
  const port = (request as Request).agent?.options?.port ?? options?.port;
  return { host: hostOf(request), port: port == null ? undefined : Number(port) };
}

/** The host to connect to, from the options of a request and its agent. */
export function hostOf(request: ClientRequest): string {
  return withoutBrackets((request as Request).agent?.options?.host ?? request.host);
}

/** The path of the Unix domain socket that a request is sent to, if any. */
export function socketPathOf(request: ClientRequest): string | undefined {
  const { agent, socketPath } = request as Request;
  return (agent?.options?.socketPath ?? socketPath) || undefined;
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

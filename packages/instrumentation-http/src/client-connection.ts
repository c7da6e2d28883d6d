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
 * The request that was given to its agent last, and its options: a request itself does not show its port. Node publishes
 * the request right after that, so there is no need for a map, which would cost every request a quarter of a microsecond.
 */
let given: { readonly request: ClientRequest; readonly options: ConnectionOptions } | undefined;

/** Notes where each request that is given to an agent goes. Agents of `node:https` inherit the method. */
export function watchConnections(
  http: { readonly Agent: { readonly prototype: Agent } },
  tools: Tools<unknown>,
): void {
  tools.wrap<AddRequest>(
    http.Agent.prototype as Agent & { addRequest: AddRequest },
    'addRequest',
    (addRequest) =>
      function (request, options, ...legacy) {
        const added = addRequest.call(this, request, options, ...legacy);
        // An agent may make requests of its own on the way: the one that is published next comes last.
        given = typeof options === 'object' && options !== null ? { request, options } : undefined;
        return added;
      },
  );
}

type Request = ClientRequest & {
  readonly agent?: (Agent & { readonly options?: ConnectionOptions }) | null;
  readonly socketPath?: string | null;
};

/**
 * Where the connection of a request goes that has just been created. An agent's own options override those of a request,
 * as in Node.
 */
export function peerOf(request: ClientRequest): ConnectionPeer {
  const options = given?.request === request ? given.options : undefined;
  given = undefined;
  const socketPath = socketPathOf(request);
  if (socketPath !== undefined) return { host: socketPath, port: undefined };
  const port = (request as Request).agent?.options?.port ?? options?.port;
  return { host: hostOf(request), port: port == null ? undefined : Number(port) };
}

/** The host that a request and its agent name for the connection. */
export function hostOf(request: ClientRequest): string {
  return withoutBrackets((request as Request).agent?.options?.host ?? request.host);
}

/** The Unix domain socket that a request goes to. */
export function socketPathOf(request: ClientRequest): string | undefined {
  const { agent, socketPath } = request as Request;
  return (agent?.options?.socketPath ?? socketPath) || undefined;
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

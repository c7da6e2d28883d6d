import { ATTR, type FrameworkResponse, http } from '@clew/core/plugin';

/** What the hooks receive about the handler of a route. */
export interface FastifyLayerInfo {
  readonly request: FastifyRequest;
  /** `/shop/orders/:id` */
  readonly route: string;
  readonly layerType: 'request_handler';
}

export const fastify = new http.Framework<FastifyLayerInfo>({
  name: 'fastify',
  layerTypes: ['request_handler'],
  attributes: (_layerType, route) => ({ [ATTR.httpRoute]: route }),
});

/** What the plugin reads of a request in Fastify 4 and 5. */
export interface FastifyRequest {
  /** The `url` is missing where no route matches. Fastify before 4.10 has only `routerPath`. */
  readonly routeOptions?: { readonly url?: string };
  readonly routerPath?: string;
  /** Also `true` from `reply.callNotFound()` on. */
  readonly is404: boolean;
}

export interface FastifyReply {
  /** The response of `node:http`. */
  readonly raw: FrameworkResponse;
  readonly sent: boolean;
}

type Hook<Args extends unknown[]> = (request: FastifyRequest, reply: FastifyReply, ...args: Args) => void;

/** The message of `fastify.initialization`. */
export interface Initialization {
  readonly fastify: {
    addHook(name: 'onRequest', hook: Hook<[done: () => void]>): unknown;
    addHook(name: 'onError' | 'onSend', hook: Hook<[value: unknown, done: () => void]>): unknown;
  };
}

/** The message of `fastify.request.handler`. */
export interface HandlerCall {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly route: { readonly url: string };
  /** Whether the handler has returned a promise. */
  readonly async: boolean;
  readonly error?: unknown;
}

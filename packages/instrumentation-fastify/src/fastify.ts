import type { EventEmitter } from 'node:events';
import type { FrameworkResponse } from '@clew/core/plugin';

/** What the plugin reads of Fastify 4 and 5. */
export interface FastifyApplication {
  addHook(
    name: 'onRequest',
    hook: (request: FastifyRequest, reply: FastifyReply, done: Done) => void,
  ): unknown;
  addHook(
    name: 'onError' | 'onSend',
    hook: (request: FastifyRequest, reply: FastifyReply, value: unknown, done: Done) => void,
  ): unknown;
}

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

/** The message of `fastify.initialization`. */
export interface Initialization {
  readonly fastify: FastifyApplication;
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

/** A body that is a stream. */
export type StreamBody = EventEmitter & { readonly pipe: unknown };

type Done = () => void;

import type { RequestListener } from 'node:http';
import { type FrameworkApplication, suiteRequest } from '@clew/testing';
import type { FastifyInstance, default as fastify } from 'fastify';

export type FastifyModule = typeof fastify;

/** Builds a suite's program with one of the Fastifys. */
export function build(create: FastifyModule, program: FrameworkApplication): FastifyInstance {
  const app = create();
  addTo(app, program);
  return app;
}

/** The listener of an application, which loads its plugins first. */
export function listenerOf(app: FastifyInstance): RequestListener {
  return (request, response) => void app.ready().then(() => app.routing(request, response));
}

function addTo(
  app: FastifyInstance,
  { middlewares = [], routes = [], mounts = [] }: FrameworkApplication,
): void {
  for (const { name, run } of middlewares) {
    const hook = async () => {
      await run();
    };
    app.addHook('preHandler', Object.defineProperty(hook, 'name', { value: name }));
  }
  // Hooks also see requests that no route matches.
  for (const { method, path, handle } of routes) {
    app.route({
      method,
      url: path,
      handler: async (request, reply) => {
        const params = request.params as Record<string, string>;
        const { status = 200, headers = {}, body = '' } = await handle(suiteRequest(request.raw, params));
        return reply.code(status).headers(headers).send(body);
      },
    });
  }
  for (const mount of mounts) {
    app.register(async (inner) => addTo(inner, mount), { prefix: mount.path });
  }
}

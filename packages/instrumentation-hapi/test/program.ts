import type { RequestListener } from 'node:http';
import { Readable } from 'node:stream';
import {
  CATCH_ALL,
  type FrameworkApplication,
  type Step,
  type StepHandler,
  suiteRequest,
} from '@clew/testing';
import { boomify } from '@hapi/boom';
import type * as hapi from '@hapi/hapi';

export type HapiModule = typeof hapi;

/** A listener of `node:http` for a server that is built by then. */
export function listenerOf(
  { server: create }: HapiModule,
  build: (server: hapi.Server) => unknown,
): RequestListener {
  const server = create({ debug: false });
  const ready = Promise.resolve(build(server));
  return (request, response) => void ready.then(() => server.listener.emit('request', request, response));
}

/** hapi spells a parameter `{id}`. */
export function spelling(route: string): string {
  return route.replace(/:(\w+)/g, '{$1}');
}

/** Builds a suite's program. */
export async function build(
  server: hapi.Server,
  { middlewares = [], routes = [], mounts = [] }: FrameworkApplication,
): Promise<void> {
  for (const { name, run } of middlewares) {
    const extension: hapi.Lifecycle.Method = async (_request, h) => {
      await run();
      return h.continue;
    };
    server.ext('onRequest', Object.defineProperty(extension, 'name', { value: name }));
  }
  for (const { method, path, handle } of routes) {
    server.route({
      method,
      path: spelling(path),
      handler: async (request, h) => {
        try {
          const {
            status = 200,
            headers = {},
            body = '',
          } = await handle(suiteRequest(request.raw.req, request.params as Record<string, string>));
          const response = h.response(body).code(status);
          for (const [name, value] of Object.entries(headers)) response.header(name, value);
          return response;
        } catch (error) {
          const { status } = error as { status?: number };
          throw status === undefined ? error : boomify(error as Error, { statusCode: status });
        }
      },
    });
  }
  for (const mount of mounts) await register(server, mount.path, (inner) => build(inner, mount));
}

/** Builds a suite's steps. */
export async function buildSteps(server: hapi.Server, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (step.kind === 'mount') {
      if (step.path === undefined) await buildSteps(server, step.steps);
      else await register(server, step.path, (inner) => buildSteps(inner, step.steps));
    } else if (step.kind === 'middleware') server.ext('onPreHandler', methodOf(step.handle));
    else if (step.kind === 'errorHandler') {
      server.ext('onPreResponse', (request, h) =>
        'isBoom' in request.response ? runStep(step.handle, request, h) : h.continue,
      );
    } else {
      server.route({
        method: '*',
        path: step.path === CATCH_ALL ? '/{rest*}' : spelling(step.path),
        handler: methodOf(step.handlers.at(-1)!),
      });
    }
  }
}

function register(
  server: hapi.Server,
  prefix: string,
  add: (inner: hapi.Server) => Promise<void>,
): Promise<unknown> {
  return server.register({ name: prefix, register: add }, { routes: { prefix } });
}

function methodOf(handle: StepHandler): hapi.Lifecycle.Method {
  return (request, h) => runStep(handle, request, h);
}

async function runStep(
  handle: StepHandler,
  request: hapi.Request,
  h: hapi.ResponseToolkit,
): Promise<hapi.Lifecycle.ReturnValue> {
  let result: hapi.Lifecycle.ReturnValue = h.abandon;
  await handle({
    respond: (status = 200) => {
      result = h.response('ok').code(status).takeover();
    },
    sendPart: () => void request.raw.res.write('part'),
    end: () => void request.raw.res.end(),
    breakOff: (error) => {
      result = h.response(Readable.from(failingParts(error), { objectMode: false }));
    },
    next: () => {
      result = h.continue;
    },
  });
  return result;
}

async function* failingParts(error: Error): AsyncGenerator<string> {
  yield 'part';
  throw error;
}

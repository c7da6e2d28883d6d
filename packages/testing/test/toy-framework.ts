import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { defineInstrumentation, type FrameworkTools, http } from '@clew/core/plugin';
import { CATCH_ALL, type FrameworkApplication, type Step, type StepControl } from '@clew/testing';
import { suiteRequest } from '../src/suite-server.ts';

interface ToyLayer {
  readonly type: 'middleware' | 'request_handler';
  readonly name: string;
  run(): unknown;
}

interface Operation {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A small framework to test the suite with: a list of layers, and one method that runs each of them. */
export class ToyFramework {
  async serve(_exchange: Operation, work: () => Promise<unknown>): Promise<unknown> {
    return work();
  }

  async runLayer(_exchange: Operation, layer: ToyLayer): Promise<unknown> {
    return layer.run();
  }

  passOn(_exchange: Operation, next: () => unknown): unknown {
    return next();
  }

  listener(application: FrameworkApplication): RequestListener {
    return this.#listener(async (operation) => {
      for (const { name, run } of application.middlewares ?? [])
        await this.runLayer(operation, { type: 'middleware', name, run });
      const response = await this.#respond(application, '', operation);
      operation.response.writeHead(response?.status ?? (response ? 200 : 404), response?.headers ?? {});
      operation.response.end(response?.body ?? '');
    });
  }

  steps(steps: readonly Step[]): RequestListener {
    return this.#listener((operation) =>
      this.#take(steps, '', operation, async () => {
        if (!operation.response.headersSent) operation.response.writeHead(404).end();
      }),
    );
  }

  #listener(work: (operation: Operation) => Promise<unknown>): RequestListener {
    return async (request, response) => {
      try {
        await this.serve({ request, response }, () => work({ request, response }));
      } catch (error) {
        if (response.headersSent) response.destroy();
        else response.writeHead((error as { status?: number }).status ?? 500).end('failed');
      }
    };
  }

  async #respond(
    application: FrameworkApplication,
    prefix: string,
    operation: Operation,
  ): Promise<{ status?: number; headers?: Record<string, string>; body?: string } | undefined> {
    const path = pathOf(operation);
    for (const route of application.routes ?? []) {
      const params = match(`${prefix}${route.path}`, path);
      if (params === undefined) continue;
      const run = () => route.handle(suiteRequest(operation.request, params));
      const name = `${prefix}${route.path}`;
      return (await this.runLayer(operation, { type: 'request_handler', name, run })) as { body?: string };
    }
    for (const mount of application.mounts ?? []) {
      const response = await this.#respond(mount, `${prefix}${mount.path}`, operation);
      if (response !== undefined) return response;
    }
    return undefined;
  }

  async #take(
    steps: readonly Step[],
    prefix: string,
    operation: Operation,
    after: () => Promise<unknown>,
  ): Promise<unknown> {
    const from = async (index: number): Promise<unknown> => {
      const step = steps[index];
      const next = () => from(index + 1);
      if (step === undefined) return after();
      if (step.kind === 'middleware') {
        const run = () => step.handle(controlOf(operation, next));
        return this.runLayer(operation, { type: 'middleware', name: 'step', run });
      }
      if (step.kind === 'mount') return this.#take(step.steps, prefix + (step.path ?? ''), operation, next);
      if (step.kind !== 'route') return next();
      const name = prefix + step.path;
      if (step.path !== CATCH_ALL && match(name, pathOf(operation)) === undefined) return next();
      const handler = (at: number): unknown => {
        const handle = step.handlers[at];
        if (handle === undefined) return this.passOn(operation, next);
        const run = () => handle(controlOf(operation, () => handler(at + 1)));
        return this.runLayer(operation, { type: 'request_handler', name, run });
      };
      return handler(0);
    };
    try {
      return await from(0);
    } catch (error) {
      const handler = steps.find((step) => step.kind === 'errorHandler');
      if (handler === undefined) throw error;
      return handler.handle(controlOf(operation, after));
    }
  }
}

function controlOf({ response }: Operation, next: () => unknown): StepControl {
  return {
    respond: (status = 200) => void response.writeHead(status).end('ok'),
    sendPart: () => void response.write('part'),
    end: () => void response.end(),
    breakOff: (error) => {
      response.write('part');
      throw error;
    },
    next,
  };
}

function pathOf({ request }: Operation): string {
  return (request.url ?? '/').split('?')[0] ?? '/';
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const match = new RegExp(`^${pattern.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`).exec(path);
  return match ? { ...match.groups } : undefined;
}

interface ToyLayerInfo {
  readonly layerType: ToyLayer['type'];
}

const toy = new http.Framework<ToyLayerInfo>({
  name: 'toy',
  layerTypes: ['middleware', 'request_handler'],
});

/** A plugin of the toy framework: a view of its layers. */
export const ToyInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-toy',
  version: '0.0.0',
  options: toy.options,
  targets: [{ module: 'toy-framework', versions: ['>=1 <2'], patch }],
});

function patch(exports: unknown, tools: FrameworkTools<ToyLayerInfo>): void {
  const { prototype } = (exports as { ToyFramework: typeof ToyFramework }).ToyFramework;
  toy.enable(tools);
  tools.wrap<ToyFramework['serve']>(prototype, 'serve', (serve) => async (operation, work) => {
    toy.take(operation.request, new http.RoutedRequest(operation.response));
    return serve(operation, work);
  });
  tools.wrap<ToyFramework['passOn']>(prototype, 'passOn', (passOn) => (operation, next) => {
    toy.of(operation.request)?.enter(undefined);
    return passOn(operation, next);
  });
  tools.wrap<ToyFramework['runLayer']>(prototype, 'runLayer', (runLayer) => (operation, layer) => {
    const routed = toy.of(operation.request);
    const { type: layerType, name } = layer;
    if (layerType === 'request_handler') routed?.match(name);
    const route = layerType === 'request_handler' ? name : undefined;
    const result = toy.settleLayer(name, route, { layerType }, () => runLayer(operation, layer));
    result.catch((error: unknown) => routed?.fail(error));
    return result;
  });
}

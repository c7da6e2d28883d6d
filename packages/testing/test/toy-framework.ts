import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import {
  beginLayer,
  createLayer,
  defineInstrumentation,
  layersOption,
  listOf,
  type OptionsOf,
  RoutedRequest,
  settleLayer,
  slowLayerMsOption,
  type Tools,
} from '@clew/core';
import { CATCH_ALL, type FrameworkProgram, type Step, type StepControl } from '@clew/testing';
import { suiteRequest } from '../src/suite-server.ts';

interface ToyLayer {
  readonly type: 'middleware' | 'request_handler';
  readonly name: string;
  run(): unknown;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A framework small enough to test the suite with: a list of layers, one method that runs each. */
export class ToyFramework {
  async serve(_exchange: Exchange, work: () => Promise<unknown>): Promise<unknown> {
    return work();
  }

  async runLayer(_exchange: Exchange, layer: ToyLayer): Promise<unknown> {
    return layer.run();
  }

  passOn(_exchange: Exchange, next: () => unknown): unknown {
    return next();
  }

  listener(program: FrameworkProgram): RequestListener {
    return this.#listener(async (exchange) => {
      for (const { name, run } of program.middlewares ?? [])
        await this.runLayer(exchange, { type: 'middleware', name, run });
      const answer = await this.#respond(program, '', exchange);
      exchange.response.writeHead(answer?.status ?? (answer ? 200 : 404), answer?.headers ?? {});
      exchange.response.end(answer?.body ?? '');
    });
  }

  steps(steps: readonly Step[]): RequestListener {
    return this.#listener((exchange) =>
      this.#take(steps, '', exchange, async () => {
        if (!exchange.response.headersSent) exchange.response.writeHead(404).end();
      }),
    );
  }

  #listener(work: (exchange: Exchange) => Promise<unknown>): RequestListener {
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
    program: FrameworkProgram,
    prefix: string,
    exchange: Exchange,
  ): Promise<{ status?: number; headers?: Record<string, string>; body?: string } | undefined> {
    const path = pathOf(exchange);
    for (const route of program.routes ?? []) {
      const params = match(`${prefix}${route.path}`, path);
      if (params === undefined) continue;
      const run = () => route.handle(suiteRequest(exchange.request, params));
      const name = `${prefix}${route.path}`;
      return (await this.runLayer(exchange, { type: 'request_handler', name, run })) as { body?: string };
    }
    for (const mount of program.mounts ?? []) {
      const answer = await this.#respond(mount, `${prefix}${mount.path}`, exchange);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  async #take(
    steps: readonly Step[],
    prefix: string,
    exchange: Exchange,
    after: () => Promise<unknown>,
  ): Promise<unknown> {
    const from = async (index: number): Promise<unknown> => {
      const step = steps[index];
      const next = () => from(index + 1);
      if (step === undefined) return after();
      if (step.kind === 'middleware') {
        const run = () => step.handle(controlOf(exchange, next));
        return this.runLayer(exchange, { type: 'middleware', name: 'step', run });
      }
      if (step.kind === 'mount') return this.#take(step.steps, prefix + (step.path ?? ''), exchange, next);
      if (step.kind !== 'route') return next();
      const name = prefix + step.path;
      if (step.path !== CATCH_ALL && match(name, pathOf(exchange)) === undefined) return next();
      const handler = (at: number): unknown => {
        const handle = step.handlers[at];
        if (handle === undefined) return this.passOn(exchange, next);
        const run = () => handle(controlOf(exchange, () => handler(at + 1)));
        return this.runLayer(exchange, { type: 'request_handler', name, run });
      };
      return handler(0);
    };
    try {
      return await from(0);
    } catch (error) {
      const handler = steps.find((step) => step.kind === 'errorHandler');
      if (handler === undefined) throw error;
      return handler.handle(controlOf(exchange, after));
    }
  }
}

function controlOf({ response }: Exchange, next: () => unknown): StepControl {
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

function pathOf({ request }: Exchange): string {
  return (request.url ?? '/').split('?')[0] ?? '/';
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const found = new RegExp(`^${pattern.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`).exec(path);
  return found ? { ...found.groups } : undefined;
}

const options = {
  layers: layersOption,
  slowLayerMs: slowLayerMsOption,
  ignoreLayersType: listOf(['middleware', 'request_handler']),
} as const;

/** A plugin of the toy framework: a view of its layers. */
export const ToyInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-toy',
  version: '0.0.0',
  options,
  targets: [{ module: 'toy-framework', versions: ['>=1 <2'], patch }],
});

const routed = new WeakMap<IncomingMessage, RoutedRequest>();

function patch(exports: unknown, tools: Tools<OptionsOf<typeof options>>): void {
  const { prototype } = (exports as { ToyFramework: typeof ToyFramework }).ToyFramework;
  tools.wrap<ToyFramework['serve']>(prototype, 'serve', (serve) => async (exchange, work) => {
    routed.set(exchange.request, new RoutedRequest(exchange.response));
    return serve(exchange, work);
  });
  tools.wrap<ToyFramework['passOn']>(prototype, 'passOn', (passOn) => (exchange, next) => {
    routed.get(exchange.request)?.enter(undefined);
    return passOn(exchange, next);
  });
  tools.wrap<ToyFramework['runLayer']>(prototype, 'runLayer', (runLayer) => (exchange, layer) => {
    const request = routed.get(exchange.request);
    if (layer.type === 'request_handler') request?.match(layer.name);
    const ignored = tools.options.ignoreLayersType.includes(layer.type);
    const run = ignored ? undefined : beginLayer(tools, createLayer(`${layer.type} - ${layer.name}`, {}));
    const call = () => runLayer(exchange, layer);
    const result = run ? settleLayer(run, call) : call();
    result.catch((error: unknown) => request?.fail(error));
    return result;
  });
}

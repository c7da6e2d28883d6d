import type { RequestListener } from 'node:http';
import {
  beginLayer,
  createLayer,
  currentContext,
  defineInstrumentation,
  layersOption,
  listOf,
  type OptionsOf,
  serverRequestOf,
  settleLayer,
  slowLayerMsOption,
  type Tools,
} from '@clew/core';
import type { FrameworkProgram } from '@clew/testing';
import { suiteRequest } from '../src/suite-server.ts';

interface Step {
  readonly type: 'middleware' | 'request_handler';
  readonly name: string;
  run(): unknown;
}

/** A framework small enough to test the suite with: a list of steps, one method that runs each. */
export class ToyFramework {
  async runStep(step: Step): Promise<unknown> {
    return step.run();
  }

  listener(program: FrameworkProgram, prefix = ''): RequestListener {
    return async (request, response) => {
      try {
        for (const { name, run } of program.middlewares ?? [])
          await this.runStep({ type: 'middleware', name, run });
        const answer = await this.#answer(program, prefix, request);
        response.writeHead(answer?.status ?? (answer ? 200 : 404), answer?.headers ?? {});
        response.end(answer?.body ?? '');
      } catch (error) {
        response.writeHead((error as { status?: number }).status ?? 500).end('failed');
      }
    };
  }

  async #answer(
    program: FrameworkProgram,
    prefix: string,
    request: Parameters<RequestListener>[0],
  ): Promise<{ status?: number; headers?: Record<string, string>; body?: string } | undefined> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    for (const route of program.routes ?? []) {
      const params = match(`${prefix}${route.path}`, path);
      if (params === undefined) continue;
      const run = () => route.handle(suiteRequest(request, params));
      const name = `${prefix}${route.path}`;
      return (await this.runStep({ type: 'request_handler', name, run })) as { body?: string };
    }
    for (const mount of program.mounts ?? []) {
      const answer = await this.#answer(mount, `${prefix}${mount.path}`, request);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }
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

/** A plugin of the toy framework: a view of its steps. */
export const ToyInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-toy',
  version: '0.0.0',
  options,
  targets: [{ module: 'toy-framework', versions: ['>=1 <2'], patch }],
});

function patch(exports: unknown, tools: Tools<OptionsOf<typeof options>>): void {
  const { ToyFramework: Framework } = exports as { ToyFramework: typeof ToyFramework };
  tools.wrap<ToyFramework['runStep']>(
    Framework.prototype,
    'runStep',
    (runStep) =>
      function (this: ToyFramework, step) {
        const served = serverRequestOf(currentContext());
        if (served && step.type === 'request_handler') served.route = step.name;
        const ignored = tools.options.ignoreLayersType.includes(step.type);
        const layer = createLayer(`${step.type} - ${step.name}`, {});
        const run = ignored ? undefined : beginLayer(tools, layer);
        const call = () => runStep.call(this, step);
        const result = run ? settleLayer(run, call) : call();
        result.catch((error: unknown) => {
          if (served) served.error = error;
        });
        return result;
      },
  );
}

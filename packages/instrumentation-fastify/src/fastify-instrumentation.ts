import {
  defineInstrumentation,
  layersOption,
  type OptionsOf,
  option,
  slowLayerMsOption,
} from '@clew/core/plugin';
import type { Span } from '@opentelemetry/api';
import type { FastifyRequest } from './fastify.ts';
import { watchApplications, watchHandlers } from './watch-fastify.ts';

declare const __VERSION__: string;

/** What the hook receives about the handler of a route. */
export interface FastifyLayerInfo {
  readonly request: FastifyRequest;
  /** `/shop/orders/:id` */
  readonly route: string;
}

const options = {
  layers: layersOption,
  slowLayerMs: slowLayerMsOption,
  requestHook: option.hook<(span: Span, info: FastifyLayerInfo) => void>(),
} as const;

export type FastifyOptions = OptionsOf<typeof options>;

/**
 * Traces Fastify 4 and 5: the route and the error of the SERVER span, and the handlers of Fastify 5 as spans on
 * request.
 *
 * @example
 * init({ instrumentations: [new HttpInstrumentation(), new FastifyInstrumentation({ layers: 'slow' })] });
 */
export const FastifyInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-fastify',
  version: __VERSION__,
  options,
  targets: [
    { channel: 'fastify.initialization', watch: watchApplications },
    { channel: 'fastify.request.handler', tracing: true, watch: watchHandlers },
  ],
});

export type FastifyInstrumentation = InstanceType<typeof FastifyInstrumentation>;

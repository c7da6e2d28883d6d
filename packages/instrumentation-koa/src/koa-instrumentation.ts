import {
  defineInstrumentation,
  layersOption,
  type OptionsOf,
  option,
  slowLayerMsOption,
  type Tools,
} from '@clew/core/plugin';
import type { Span } from '@opentelemetry/api';
import type { KoaContext, Middleware } from './koa.ts';
import { patchKoa, patchRouter } from './patch-koa.ts';

declare const __VERSION__: string;

/** `router` is a handler of a route; everything else is `middleware`. */
export type KoaLayerType = 'router' | 'middleware';

/** What the hook receives about a layer. */
export interface KoaLayerInfo {
  readonly context: KoaContext;
  readonly middlewareLayer: Middleware;
  readonly layerType: KoaLayerType;
}

const options = {
  layers: layersOption,
  slowLayerMs: slowLayerMsOption,
  ignoreLayersType: option.listOf<KoaLayerType>(['router', 'middleware']),
  requestHook: option.hook<(span: Span, info: KoaLayerInfo) => void>(),
} as const;

export type KoaTools = Tools<OptionsOf<typeof options>>;

/**
 * Traces Koa 2 and 3 with @koa/router or koa-router: the route and the error of the SERVER span and, with the
 * option `layers`, a span for each layer.
 *
 * @example
 * init({ instrumentations: [new HttpInstrumentation(), new KoaInstrumentation({ layers: 'slow' })] });
 */
export const KoaInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-koa',
  version: __VERSION__,
  options,
  targets: [
    { module: 'koa', versions: ['>=2 <4'], patch: patchKoa },
    { module: '@koa/router', versions: ['>=8 <16'], patch: patchRouter },
    { module: 'koa-router', versions: ['>=8 <15'], patch: patchRouter },
  ],
});

export type KoaInstrumentation = InstanceType<typeof KoaInstrumentation>;

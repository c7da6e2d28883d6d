import {
  defineInstrumentation,
  layersOption,
  type OptionsOf,
  option,
  slowLayerMsOption,
  type Tools,
} from '@clew/core/plugin';
import type { Span } from '@opentelemetry/api';
import type { ExpressRequest } from './express.ts';
import type { LayerType } from './layer-view.ts';
import { patchExpress } from './patch-express.ts';

declare const __VERSION__: string;

/** What the hooks receive about a layer. */
export interface ExpressLayerInfo {
  readonly request: ExpressRequest;
  /** The pattern matched so far, `/shop/orders/:id`; `/` before there is one. */
  readonly route: string;
  readonly layerType: LayerType;
}

const options = {
  layers: layersOption,
  slowLayerMs: slowLayerMsOption,
  ignoreLayers: option.patterns(),
  ignoreLayersType: option.listOf<LayerType>(['router', 'middleware', 'request_handler']),
  spanNameHook: option.hook<(info: ExpressLayerInfo, defaultName: string) => string>(),
  requestHook: option.hook<(span: Span, info: ExpressLayerInfo) => void>(),
} as const;

export type ExpressTools = Tools<OptionsOf<typeof options>>;

/**
 * Traces Express 4 and 5: the route and the error of the SERVER span and, with the option `layers`, a span for each layer.
 *
 * @example
 * init({ instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation({ layers: 'slow' })] });
 */
export const ExpressInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-express',
  version: __VERSION__,
  options,
  targets: [{ module: 'express', versions: ['>=4.8 <6'], patch: patchExpress }],
});

export type ExpressInstrumentation = InstanceType<typeof ExpressInstrumentation>;

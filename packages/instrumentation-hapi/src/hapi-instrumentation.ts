import {
  defineInstrumentation,
  layersOption,
  type OptionsOf,
  option,
  slowLayerMsOption,
} from '@clew/core/plugin';
import type { Span } from '@opentelemetry/api';
import type { HapiRequest } from './hapi.ts';
import { patchHapi } from './patch-hapi.ts';

declare const __VERSION__: string;

/** What the hook receives about a handler or an extension. */
export interface HapiLayerInfo {
  readonly request: HapiRequest;
  readonly layerType: 'handler' | 'extension';
}

const options = {
  layers: layersOption,
  slowLayerMs: slowLayerMsOption,
  requestHook: option.hook<(span: Span, info: HapiLayerInfo) => void>(),
} as const;

export type HapiOptions = OptionsOf<typeof options>;

/**
 * Traces hapi 20 and 21: the route and the error of the SERVER span, and handlers and extensions as spans on request.
 *
 * @example
 * init({ instrumentations: [new HttpInstrumentation(), new HapiInstrumentation({ layers: 'slow' })] });
 */
export const HapiInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-hapi',
  version: __VERSION__,
  options,
  targets: [{ module: '@hapi/hapi', versions: ['>=20 <22'], patch: patchHapi }],
});

export type HapiInstrumentation = InstanceType<typeof HapiInstrumentation>;

import type { Span } from '@opentelemetry/api';
import { type OptionKind, option, type Pattern } from '../kit/options.ts';
import type { Tools } from '../kit/target.ts';

/** What the hooks of a framework's plugin receive about a layer. */
export interface LayerInfo {
  /** The kind of the layer, such as `middleware` or `router`. */
  readonly layerType: string;
}

/** The options of every plugin for a framework. `Info` is what its hooks receive. */
export interface FrameworkOptions<Info extends LayerInfo> {
  /** Which layers have spans: `none`, those that took `slowLayerMs` or longer, or `all`. Default: `none`. */
  readonly layers: 'none' | 'slow' | 'all';
  /** From how many milliseconds on a layer is slow: in [0, 3600000], 10 by default. */
  readonly slowLayerMs: number;
  /** The layers without spans, by the names that their spans would have. */
  readonly ignoreLayers: readonly Pattern[];
  /** The kinds of layers without spans. */
  readonly ignoreLayersType: readonly Info['layerType'][];
  /** Returns the name of a layer's span. */
  readonly spanNameHook: ((info: Info, defaultName: string) => string) | undefined;
  /** Is called when the span of a layer has started. */
  readonly requestHook: ((span: Span, info: Info) => void) | undefined;
}

/** The tools of such a plugin. */
export type FrameworkTools<Info extends LayerInfo> = Tools<FrameworkOptions<Info>>;

/** The declarations of the options for `defineInstrumentation`. */
export type FrameworkOptionKinds<Info extends LayerInfo> = {
  readonly [Name in keyof FrameworkOptions<Info>]: OptionKind<FrameworkOptions<Info>[Name]>;
};

export function frameworkOptions<Info extends LayerInfo>(
  layerTypes: readonly Info['layerType'][],
): FrameworkOptionKinds<Info> {
  return {
    layers: option.oneOf(['none', 'slow', 'all'], 'none'),
    slowLayerMs: option.number(0, 3_600_000, 10),
    ignoreLayers: option.patterns(),
    ignoreLayersType: option.listOf(layerTypes),
    spanNameHook: option.hook(),
    requestHook: option.hook(),
  };
}

export { type Clew, type ClewStats, init } from './init.ts';
export type { InitOptions, PluginOptions, PropagationOptions, SamplingOptions } from './init-options.ts';

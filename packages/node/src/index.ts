export { type Clew, init } from './init.ts';
export type { InitOptions, PluginOptions } from './init-options.ts';

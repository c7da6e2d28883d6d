export type { HapiLayerInfo } from './hapi.ts';
export { HapiInstrumentation } from './hapi-instrumentation.ts';

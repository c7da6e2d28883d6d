export { HapiInstrumentation, type HapiLayerInfo } from './hapi-instrumentation.ts';

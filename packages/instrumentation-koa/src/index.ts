export type { KoaLayerInfo } from './koa.ts';
export { KoaInstrumentation } from './koa-instrumentation.ts';

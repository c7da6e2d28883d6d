export { KoaInstrumentation, type KoaLayerInfo } from './koa-instrumentation.ts';

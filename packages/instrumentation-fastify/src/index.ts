export type { FastifyLayerInfo } from './fastify.ts';
export { FastifyInstrumentation } from './fastify-instrumentation.ts';

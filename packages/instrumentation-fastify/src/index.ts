export { FastifyInstrumentation, type FastifyLayerInfo } from './fastify-instrumentation.ts';

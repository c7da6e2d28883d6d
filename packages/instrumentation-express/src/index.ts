export { ExpressInstrumentation, type ExpressLayerInfo } from './express-instrumentation.ts';

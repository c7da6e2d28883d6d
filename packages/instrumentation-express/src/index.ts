export type { ExpressLayerInfo } from './express.ts';
export { ExpressInstrumentation } from './express-instrumentation.ts';

export { IORedisInstrumentation } from './ioredis-instrumentation.ts';

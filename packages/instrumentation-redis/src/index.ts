export { RedisInstrumentation } from './redis-instrumentation.ts';

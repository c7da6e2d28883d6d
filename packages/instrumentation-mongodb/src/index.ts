export { MongoDBInstrumentation } from './mongodb-instrumentation.ts';

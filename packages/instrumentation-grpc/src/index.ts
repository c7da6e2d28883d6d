export { GrpcInstrumentation } from './grpc-instrumentation.ts';
export type { GrpcCall, GrpcStatus } from './hooks.ts';

export { AwsLambdaInstrumentation } from './aws-lambda-instrumentation.ts';
export { processRecord } from './process-record.ts';
export { type HandlerOptions, traceHandler } from './trace-handler.ts';

export { AwsSdkInstrumentation } from './aws-sdk-instrumentation.ts';
export { messageContext, processBatch, processMessage } from './propagation/process-message.ts';

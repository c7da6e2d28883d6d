export { AwsSdkInstrumentation } from './aws-sdk-instrumentation.ts';

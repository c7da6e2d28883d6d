import { defineInstrumentation } from '@clew/core/plugin';
import { options } from './options.ts';
import { HANDLER, patchHandler } from './patch-handler.ts';

declare const __VERSION__: string;

/**
 * Traces the function of AWS Lambda that the variables `_HANDLER` and `LAMBDA_TASK_ROOT` name: one span for each
 * invocation. Outside of Lambda it does nothing.
 *
 * @example
 * init({ instrumentations: [new AwsLambdaInstrumentation({ flushTimeoutMs: 500 })] });
 */
export const AwsLambdaInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-aws-lambda',
  version: __VERSION__,
  options,
  targets: [{ handler: HANDLER, patch: patchHandler }],
});

export type AwsLambdaInstrumentation = InstanceType<typeof AwsLambdaInstrumentation>;

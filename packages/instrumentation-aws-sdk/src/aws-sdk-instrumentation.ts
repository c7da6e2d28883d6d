import { defineInstrumentation } from '@clew/core/plugin';
import { options } from './options.ts';
import { patchClient } from './patch-client.ts';

declare const __VERSION__: string;

/**
 * Traces calls of the AWS SDK for JavaScript v3: one span for each command with all its attempts.
 *
 * @example
 * init({ instrumentations: [new AwsSdkInstrumentation({ ignore: ['SSM.GetParameter'] })] });
 */
export const AwsSdkInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-aws-sdk',
  version: __VERSION__,
  options,
  // The class of which all clients are derived has moved twice.
  targets: [
    {
      module: '@smithy/core',
      versions: ['>=3 <4'],
      file: 'dist-cjs/submodules/client/index.js',
      patch: patchClient,
    },
    { module: '@smithy/smithy-client', versions: ['>=1 <6'], patch: patchClient },
    { module: '@aws-sdk/smithy-client', versions: ['>=3.200 <4'], patch: patchClient },
  ],
});

export type AwsSdkInstrumentation = InstanceType<typeof AwsSdkInstrumentation>;

import { defineInstrumentation } from '@clew/core/plugin';
import { express } from './express.ts';
import { patchExpress } from './patch-express.ts';

declare const __VERSION__: string;

/**
 * Traces Express 4 and 5: the route and the error of the SERVER span and, with the option `layers`, a span for each layer.
 *
 * @example
 * init({ instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation({ layers: 'slow' })] });
 */
export const ExpressInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-express',
  version: __VERSION__,
  options: express.options,
  targets: [{ module: 'express', versions: ['>=4.8 <6'], patch: patchExpress }],
});

export type ExpressInstrumentation = InstanceType<typeof ExpressInstrumentation>;

import { defineInstrumentation } from '@clew/core/plugin';
import { koa } from './koa.ts';
import { patchKoa } from './patch-koa.ts';
import { patchRouter } from './patch-router.ts';

declare const __VERSION__: string;

/**
 * Traces Koa 2 and 3 with @koa/router or koa-router: the route and the error of the SERVER span and, with the
 * option `layers`, a span for each layer.
 *
 * @example
 * init({ instrumentations: [new HttpInstrumentation(), new KoaInstrumentation({ layers: 'slow' })] });
 */
export const KoaInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-koa',
  version: __VERSION__,
  options: koa.options,
  targets: [
    { module: 'koa', versions: ['>=2 <4'], patch: patchKoa },
    { module: '@koa/router', versions: ['>=8 <16'], patch: patchRouter },
    { module: 'koa-router', versions: ['>=8 <15'], patch: patchRouter },
  ],
});

export type KoaInstrumentation = InstanceType<typeof KoaInstrumentation>;

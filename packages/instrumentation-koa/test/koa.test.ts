import { join } from 'node:path';
import { httpFrameworkSuite, manifestSuite } from '@clew/testing';
import { Router as router15 } from '@koa/router';
import koa3 from 'koa';
import koaRouter12 from 'koa-router';
import router10 from 'koa-router10';
import router12 from 'koa-router12';
import router13 from 'koa-router13';
import koa2 from 'koa2';
import { KoaInstrumentation } from '../src/index.ts';
import { type AnyRouterClass, build, type KoaModule } from './program.ts';
import { buildSteps } from './steps.ts';

const pairs: readonly [name: string, koa: unknown, router: unknown, catchAll: string][] = [
  ['koa 3 with @koa/router 15', koa3, router15, '/{*rest}'],
  ['koa 3 with @koa/router 13', koa3, router13, '(.*)'],
  ['koa 2 with @koa/router 12', koa2, router12, '(.*)'],
  ['koa 2 with @koa/router 10', koa2, router10, '(.*)'],
  ['koa 2 with koa-router 12', koa2, koaRouter12, '(.*)'],
];

/** A second router of this version matches against the path of the first one's route. */
const SKIPS_OF_ROUTER_10 = {
  'a later route that responds replaces a route that calls next': 'its routers mislead each other',
};

for (const [name, koa, router, catchAll] of pairs) {
  const [Koa, Router] = [koa as KoaModule, router as AnyRouterClass];

  httpFrameworkSuite({
    name,
    skips: router === router10 ? SKIPS_OF_ROUTER_10 : {},
    instrument: (options) => {
      const instance = new KoaInstrumentation(options);
      instance.instrument(Koa);
      instance.instrument(Router, '@koa/router');
      return instance;
    },
    functions: () => [Koa.prototype.callback, Koa.prototype.emit],
    listener: (program) => build(Koa, Router, program).callback(),
    steps: (steps) => buildSteps(Koa, Router, steps, catchAll).callback(),
    catchAll,
    layerNames: {
      middleware: (middleware) => `middleware - ${middleware}`,
      handler: (route) => `router - ${route}`,
    },
  });
}

manifestSuite(join(__dirname, '..'), { KoaInstrumentation });

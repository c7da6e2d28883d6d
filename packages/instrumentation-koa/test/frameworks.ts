import * as routerModule from '@koa/router';
import koa3 from 'koa';
import koaRouter from 'koa-router';
import router10 from 'koa-router10';
import router12 from 'koa-router12';
import router13 from 'koa-router13';
import koa2 from 'koa2';
import type { AnyRouterClass, KoaModule } from './program.ts';

/** The versions of Koa, each with a router, as a table of tests. */
export const frameworks: [name: string, Koa: KoaModule, Router: AnyRouterClass][] = [
  ['koa 3, @koa/router 15', koa3, routerModule.Router as unknown as AnyRouterClass],
  ['koa 3, @koa/router 13', koa3, router13],
  ['koa 2, @koa/router 12', koa2, router12],
  ['koa 2, @koa/router 10', koa2, router10],
  ['koa 2, koa-router 12', koa2, koaRouter],
];

import { join } from 'node:path';
import { httpFrameworkSuite, manifestSuite } from '@clew/testing';
import * as hapi21 from '@hapi/hapi';
import * as hapi20 from 'hapi20';
import { HapiInstrumentation } from '../src/index.ts';
import { build, buildSteps, type HapiModule, listenerOf, spelling } from './program.ts';

const ONE_ROUTE = 'hapi picks one route for a request, which does not pass it on';
const NO_NEXT = 'functions of the application return to hapi, so nothing runs inside their context';

const SKIPS = {
  'a route that responds and calls next stays the route before a later route': ONE_ROUTE,
  'a route that responds and calls next stays the route before one that ends the request': ONE_ROUTE,
  'a route that responds and calls next stays the route before one of the same router': ONE_ROUTE,
  'a route that responds and calls next stays the route before later middleware': ONE_ROUTE,
  'a route that responds and calls next stays the route before a later mount': ONE_ROUTE,
  'a route that responds asynchronously and then calls next stays the route': ONE_ROUTE,
  'a route that responds and does not await next stays the route': ONE_ROUTE,
  'a route that streams stays the route': ONE_ROUTE,
  'a later route that responds replaces a route that calls next': ONE_ROUTE,
  'a route that calls next stays the route if middleware responds': ONE_ROUTE,
  'of several routes that call next, the last stays the route': ONE_ROUTE,
  'a route that calls next stays the route if a later handler fails': ONE_ROUTE,
  'a route that calls next is not the route of a request without a response': ONE_ROUTE,
  'a route that calls next is not the route of a request to which middleware responds with 404': ONE_ROUTE,
  'a server request started by middleware has the route, and so has the outer one': NO_NEXT,
  'a server request started by the handler has the route': NO_NEXT,
  'a server request started without an outer one has the route': NO_NEXT,
  'layers after such middleware belong to its span': NO_NEXT,
  "a handler that runs in another client's context does not change that client's route": NO_NEXT,
  'layers of an ignored type are not spans, and the route is unchanged': 'there is no such option',
};

const majors: readonly [name: string, hapi: HapiModule][] = [
  ['hapi 20', hapi20 as HapiModule],
  ['hapi 21', hapi21],
];

for (const [name, hapi] of majors) {
  const inner = () => {
    const { _core } = hapi.server() as unknown as {
      _core: { Request: { prototype: object }; toolkit: object };
    };
    const requests = Object.getPrototypeOf(_core.Request.prototype);
    const { execute } = Object.getPrototypeOf(_core.toolkit);
    return [requests._execute, requests._lookup, requests._setResponse, execute];
  };

  httpFrameworkSuite({
    name,
    skips: SKIPS,
    instrument: (options) => {
      const instance = new HapiInstrumentation(options);
      instance.instrument(hapi);
      return instance;
    },
    functions: inner,
    listener: (program) => listenerOf(hapi, (server) => build(server, program)),
    steps: (steps) => listenerOf(hapi, (server) => buildSteps(server, steps)),
    catchAll: '/{rest*}',
    spelling,
    layerNames: {
      middleware: (middleware) => `extension - ${middleware}`,
      handler: (route) => `handler - ${spelling(route)}`,
    },
  });
}

manifestSuite(join(__dirname, '..'), { HapiInstrumentation });

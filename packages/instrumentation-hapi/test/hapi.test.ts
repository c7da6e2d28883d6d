import { join } from 'node:path';
import { httpFrameworkSuite, manifestSuite } from '@clew/testing';
import * as hapi21 from '@hapi/hapi';
import * as hapi20 from 'hapi20';
import { HapiInstrumentation } from '../src/index.ts';
import { build, buildSteps, type HapiModule, listenerOf, spelling } from './program.ts';

const ONE_ROUTE = 'hapi picks one route for a request, which does not pass it on';
const NO_NEXT = 'functions of the application return to hapi, so nothing runs inside their context';

const SKIPS = {
  'a route that responds and passes on keeps its place before a later route': ONE_ROUTE,
  'and before a later route that ends the request without a word': ONE_ROUTE,
  'and before a later route of the same router': ONE_ROUTE,
  'and before later middleware': ONE_ROUTE,
  'and before a later mount': ONE_ROUTE,
  'a route that responds after a while and then passes on keeps its place': ONE_ROUTE,
  'a route that responds and does not wait for what it passes on to keeps its place': ONE_ROUTE,
  'a route that streams keeps its place': ONE_ROUTE,
  'a route that passes on gives way to one that responds': ONE_ROUTE,
  'a route that passes on stays where middleware responds for all': ONE_ROUTE,
  'of several routes that pass on, the last stays': ONE_ROUTE,
  'a route that passes on stays where what follows fails': ONE_ROUTE,
  'a route that passes on is no route of a request that nothing responds to': ONE_ROUTE,
  'nor of one that middleware responds to with 404': ONE_ROUTE,
  'a server request that middleware makes has the route, as has the one around it': NO_NEXT,
  'so has one that a handler of the route makes': NO_NEXT,
  'and one without any around it': NO_NEXT,
  'layers after such middleware belong to its span': NO_NEXT,
  "in another client's context, which a handler may find itself in, nothing is written": NO_NEXT,
  'layers of an ignored type are no spans, and the route stays': 'there is no such option',
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

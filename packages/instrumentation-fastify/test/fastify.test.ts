import { join } from 'node:path';
import { httpFrameworkSuite, manifestSuite } from '@clew/testing';
import fastify5 from 'fastify';
import fastify4 from 'fastify4';
import { FastifyInstrumentation } from '../src/index.ts';
import { build, type FastifyModule, listenerOf } from './program.ts';
import { buildSteps } from './steps.ts';

const majors: readonly [name: string, create: FastifyModule, hasHandlers: boolean][] = [
  ['fastify 4', fastify4 as FastifyModule, false],
  ['fastify 5', fastify5, true],
];

const SKIPS = {
  'a route that responds and calls next stays the route before one of the same router':
    'Fastify refuses a second route of the same shape',
  'of several routes that call next, the last stays the route':
    'Fastify refuses a second route of the same shape',
  'a route that responds and calls next stays the route before a later mount':
    'Fastify picks one route for a request',
  'a route that streams stays the route':
    'a route passes the request on to the 404 handler only, which responds',
  'a route that calls next is not the route of a request to which middleware responds with 404':
    'hooks run after the match, so the route is what responds',
  "a handler that runs in another client's context does not change that client's route":
    'hooks see the requests of all routes, so the context is lost in each',
  'layers of an ignored type are not spans, and the route is unchanged': 'handlers are the only layers',
};

const NO_HANDLERS = 'Fastify 4 publishes no calls of handlers';

const SKIPS_OF_FASTIFY_4 = {
  ...SKIPS,
  'with layers: "slow" only slow layers are spans': NO_HANDLERS,
  'a layer that fails is recorded on its span too': NO_HANDLERS,
  'a span that is started in a layer is its child': NO_HANDLERS,
};

for (const [name, create, hasHandlers] of majors) {
  httpFrameworkSuite({
    name,
    skips: hasHandlers ? SKIPS : SKIPS_OF_FASTIFY_4,
    instrument: (options) => new FastifyInstrumentation(options),
    functions: 'it listens to channels',
    listener: (program) => listenerOf(build(create, program)),
    steps: (steps) => listenerOf(buildSteps(create, steps)),
    catchAll: '*',
    layerNames: {
      middleware: () => undefined,
      handler: (route) => (hasHandlers ? `request handler - ${route}` : undefined),
    },
  });
}

manifestSuite(join(__dirname, '..'), { FastifyInstrumentation });

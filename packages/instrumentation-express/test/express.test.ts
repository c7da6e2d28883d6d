import { join } from 'node:path';
import { httpFrameworkSuite, manifestSuite } from '@clew/testing';
import express5 from 'express';
import express4 from 'express4';
import { ExpressInstrumentation } from '../src/index.ts';
import { build, type ExpressModule } from './program.ts';
import { buildSteps } from './steps.ts';

beforeAll(() => jest.spyOn(console, 'error').mockImplementation(() => {}));
afterAll(() => jest.restoreAllMocks());

const majors: readonly [name: string, express: ExpressModule, catchAll: string][] = [
  ['express 4', express4 as ExpressModule, '*'],
  ['express 5', express5, '/{*rest}'],
];

for (const [name, express, catchAll] of majors) {
  const routers = () => (Object.hasOwn(express.Router, 'use') ? express.Router : express.Router.prototype);

  httpFrameworkSuite({
    name,
    instrument: (options) => {
      const instance = new ExpressInstrumentation(options);
      instance.instrument(express);
      return instance;
    },
    functions: () => [routers().use, routers().param, routers().handle],
    listener: (program) => build(express, program),
    steps: (steps) => buildSteps(express, steps, catchAll),
    catchAll,
    layerNames: {
      middleware: (middleware) => `middleware - ${middleware}`,
      handler: (route) => `request handler - ${route}`,
    },
  });
}

manifestSuite(join(__dirname, '..'), { ExpressInstrumentation });

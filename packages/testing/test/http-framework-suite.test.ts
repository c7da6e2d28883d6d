import { httpFrameworkSuite } from '@clew/testing';
import * as toy from './toy-framework.ts';

httpFrameworkSuite({
  name: 'a toy framework',
  instrument: (options) => {
    const instance = new toy.ToyInstrumentation(options);
    instance.instrument({ ToyFramework: toy.ToyFramework });
    return instance;
  },
  functions: () => [
    toy.ToyFramework.prototype.serve,
    toy.ToyFramework.prototype.passOn,
    toy.ToyFramework.prototype.runLayer,
  ],
  listener: (application) => new toy.ToyFramework().listener(application),
  steps: (steps) => new toy.ToyFramework().steps(steps),
  catchAll: '*',
  layerNames: {
    middleware: (name) => `middleware - ${name}`,
    handler: (route) => `request handler - ${route}`,
  },
});

import {
  CATCH_ALL,
  errorHandler,
  mount,
  passes,
  responds,
  respondsAndPasses,
  route,
  router,
  type Step,
  type StepHandler,
  use,
} from './framework-steps.ts';
import { laterTurn } from './subject.ts';

/** A request and the expected route and error of its SERVER span. */
export interface Situation {
  readonly steps: readonly Step[];
  readonly target: string;
  readonly method?: string;
  readonly route: string | undefined;
  readonly status: number;
  /** `error.type`; no error by default. */
  readonly error?: string;
}

const failing: StepHandler = () => {
  throw new TypeError('out of songs');
};

/** Situations by name, with the expected route and error of the SERVER span. */
export const situations: Readonly<Record<string, Situation>> = {
  'a route that responds and calls next stays the route before a later route': {
    steps: [mount('/m', route('/foo/:id', respondsAndPasses)), router(route(CATCH_ALL, passes))],
    target: '/m/foo/7',
    route: '/m/foo/:id',
    status: 200,
  },
  'a route that responds and calls next stays the route before one that ends the request': {
    steps: [mount('/m', route('/foo/:id', respondsAndPasses)), router(route(CATCH_ALL, () => {}))],
    target: '/m/foo/7',
    route: '/m/foo/:id',
    status: 200,
  },
  'a route that responds and calls next stays the route before one of the same router': {
    steps: [route('/foo/:id', respondsAndPasses), route('/foo/:other', passes)],
    target: '/foo/7',
    route: '/foo/:id',
    status: 200,
  },
  'a route that responds and calls next stays the route before later middleware': {
    steps: [mount('/m', route('/foo/:id', respondsAndPasses)), use(passes), use(passes)],
    target: '/m/foo/7',
    route: '/m/foo/:id',
    status: 200,
  },
  'a route that responds and calls next stays the route before a later mount': {
    steps: [
      mount('/m', route('/foo/:id', respondsAndPasses)),
      mount('/m', use(passes), route('/foo/7', passes)),
    ],
    target: '/m/foo/7',
    route: '/m/foo/:id',
    status: 200,
  },
  'a route that responds asynchronously and then calls next stays the route': {
    steps: [
      route('/foo/:id', async ({ respond, next }) => {
        await laterTurn();
        respond();
        await next();
      }),
      router(route(CATCH_ALL, passes)),
    ],
    target: '/foo/7',
    route: '/foo/:id',
    status: 200,
  },
  'a route that responds and does not await next stays the route': {
    steps: [
      route('/foo/:id', ({ respond, next }) => {
        respond();
        void next();
      }),
      use(async ({ next }) => {
        await laterTurn();
        await next();
      }),
      router(route(CATCH_ALL, passes)),
    ],
    target: '/foo/7',
    route: '/foo/:id',
    status: 200,
  },
  'a route that streams stays the route': {
    steps: [
      route('/foo/:id', async ({ sendPart, next, end }) => {
        sendPart();
        await next();
        await laterTurn();
        end();
      }),
      router(route(CATCH_ALL, () => {})),
    ],
    target: '/foo/7',
    route: '/foo/:id',
    status: 200,
  },
  'a later route that responds replaces a route that calls next': {
    steps: [route(CATCH_ALL, passes), route('/foo/:id', passes), router(route('/foo/7', responds))],
    target: '/foo/7',
    route: '/foo/7',
    status: 200,
  },
  'a route that calls next stays the route if middleware responds': {
    steps: [mount('/posts', route('/:id', passes)), use(responds)],
    target: '/posts/7',
    route: '/posts/:id',
    status: 200,
  },
  'of several routes that call next, the last stays the route': {
    steps: [route('/foo/:id', passes), route('/foo/:other', passes), use(responds)],
    target: '/foo/7',
    route: '/foo/:other',
    status: 200,
  },
  'a route that calls next stays the route if a later handler fails': {
    steps: [route('/foo/:id', passes), use(failing)],
    target: '/foo/7',
    route: '/foo/:id',
    status: 500,
    error: 'TypeError',
  },
  'a route that calls next is not the route of a request without a response': {
    steps: [mount('/m', route('/foo/:id', passes)), use(passes)],
    target: '/m/foo/7',
    route: undefined,
    status: 404,
  },
  'a route that calls next is not the route of a request to which middleware responds with 404': {
    steps: [route('/foo/:id', passes), use(({ respond }) => respond(404))],
    target: '/foo/7',
    route: undefined,
    status: 404,
  },
  'a route that responds with 404 itself is the route': {
    steps: [route('/foo/:id', ({ respond }) => respond(404)), use(passes)],
    target: '/foo/7',
    route: '/foo/:id',
    status: 404,
  },
  'a HEAD request has the route of its handler': {
    steps: [route('/foo/:id', responds)],
    target: '/foo/7',
    method: 'HEAD',
    route: '/foo/:id',
    status: 200,
  },
  'a route whose error is handled is the route, and the error is not recorded on the SERVER span': {
    steps: [route('/foo/:id', failing), errorHandler(({ respond }) => respond(422))],
    target: '/foo/7',
    route: '/foo/:id',
    status: 422,
  },
  'an error that the error handler turns into a success is not recorded on the SERVER span': {
    steps: [mount('/m', route('/foo/:id', failing)), errorHandler(responds)],
    target: '/m/foo/7',
    route: '/m/foo/:id',
    status: 200,
  },
  'an error that aborts a response is recorded on the SERVER span, whatever its status': {
    steps: [route('/foo/:id', ({ breakOff }) => breakOff(new RangeError('half way')))],
    target: '/foo/7',
    route: '/foo/:id',
    status: 200,
    error: 'RangeError',
  },
};

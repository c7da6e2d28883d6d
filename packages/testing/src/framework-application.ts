import { laterTurn } from './subject.ts';
import type { SuiteHandler } from './suite-server.ts';

/** A middleware: awaits `run`, then calls the next one. The framework handles what it throws. */
export interface SuiteMiddleware {
  /** The name that the middleware's function has in the framework. */
  readonly name: string;
  run(): void | Promise<void>;
}

/** A route in the syntax that all frameworks share: `/users/:id`. */
export interface SuiteRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly handle: SuiteHandler;
}

/** An application that a framework's adapter builds: middlewares first, then routes, then routers under a path. */
export interface FrameworkApplication {
  readonly middlewares?: readonly SuiteMiddleware[];
  readonly routes?: readonly SuiteRoute[];
  readonly mounts?: readonly (FrameworkApplication & { readonly path: string })[];
}

const ok: SuiteHandler = () => ({ body: 'ok' });

const fail = () => {
  throw new TypeError('out of songs');
};

const gone = () => {
  throw Object.assign(new Error('gone'), { status: 410 });
};

/** Rejects in a later turn of the event loop. */
export async function rejectLater(): Promise<never> {
  await laterTurn();
  return fail();
}

function get(path: string, handle: SuiteHandler): SuiteRoute {
  return { method: 'GET', path, handle };
}

/** Creates an application with one route. */
export function oneRoute(path: string, handle: SuiteHandler = ok): FrameworkApplication {
  return { routes: [get(path, handle)] };
}

/** An application with middlewares, routes and nested routers. */
export const fullApplication: FrameworkApplication = {
  middlewares: [
    { name: 'authenticate', run: () => {} },
    { name: 'loadSession', run: laterTurn },
  ],
  routes: [
    get('/', ok),
    get('/users/:id', ({ params }) => ({ body: `user ${params.id}` })),
    get('/fails', fail),
    get('/rejects', rejectLater),
    get('/gone', gone),
  ],
  mounts: [
    {
      path: '/api',
      routes: [get('/items/:item', ok)],
      mounts: [{ path: '/v1', routes: [get('/items/:item', ({ params }) => ({ body: params.item ?? '' }))] }],
    },
  ],
};

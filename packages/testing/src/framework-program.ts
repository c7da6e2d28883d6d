import type { SuiteHandler } from './suite-server.ts';

/** A middleware: `run` is called and awaited, then the next one is. What it throws goes the framework's own way. */
export interface SuiteMiddleware {
  /** The name that the middleware's function has in the framework. */
  readonly name: string;
  run(): void | Promise<void>;
}

/** A route in the words that all frameworks share: `/users/:id`. */
export interface SuiteRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly handle: SuiteHandler;
}

/** A program that a framework's adapter builds: middlewares first, then routes, then routers under a path. */
export interface FrameworkProgram {
  readonly middlewares?: readonly SuiteMiddleware[];
  readonly routes?: readonly SuiteRoute[];
  readonly mounts?: readonly (FrameworkProgram & { readonly path: string })[];
}

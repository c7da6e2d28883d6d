/** The actions of a handler, in any framework. */
export interface StepControl {
  /** Sends a whole response, or has the framework send it; status 200 by default. */
  respond(status?: number): void;
  /** Sends the headers and a part of the body. */
  sendPart(): void;
  /** Ends a partly sent response. */
  end(): void;
  /** Sends a part of the body, and then fails with the error in the framework's own way. */
  breakOff(error: Error): void | Promise<void>;
  /** Passes the request on. Returns a promise if the framework does. */
  next(): unknown;
}

/** A handler of an application's step; what it throws goes the framework's own way. */
export type StepHandler = (control: StepControl) => unknown;

/** One step of an application. Requests pass the steps of a list in order. */
export type Step =
  | { readonly kind: 'middleware'; readonly handle: StepHandler }
  /** A route for all methods, with one handler or more. */
  | { readonly kind: 'route'; readonly path: string; readonly handlers: readonly StepHandler[] }
  /** Steps under a path; without a path, in their own router. */
  | { readonly kind: 'mount'; readonly path: string | undefined; readonly steps: readonly Step[] }
  /** Handles the errors of all other steps of its list. */
  | { readonly kind: 'errorHandler'; readonly handle: StepHandler };

/** The path of a route that matches everything; an adapter knows its framework's spelling. */
export const CATCH_ALL = '*';

/** Creates a middleware. */
export function use(handle: StepHandler): Step {
  return { kind: 'middleware', handle };
}

/** Creates a route for all methods. */
export function route(path: string, ...handlers: StepHandler[]): Step {
  return { kind: 'route', path, handlers };
}

/** Mounts steps under a path. */
export function mount(path: string, ...steps: Step[]): Step {
  return { kind: 'mount', path, steps };
}

/** Puts steps into their own router at the root. */
export function router(...steps: Step[]): Step {
  return { kind: 'mount', path: undefined, steps };
}

/** Creates an error handler. */
export function errorHandler(handle: StepHandler): Step {
  return { kind: 'errorHandler', handle };
}

/** Responds. */
export const responds: StepHandler = ({ respond }) => respond();

/** Passes the request on. */
export const passes: StepHandler = ({ next }) => next();

/** Responds and still passes the request on. */
export const respondsAndPasses: StepHandler = ({ respond, next }) => {
  respond();
  return next();
};

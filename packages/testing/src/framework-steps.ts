/** The actions that a handler can take, in any framework. */
export interface StepControl {
  /** Sends a complete response, or returns it to the framework. The default status is 200. */
  respond(status?: number): void;
  /** Sends the headers and a part of the body. */
  sendPart(): void;
  /** Ends a partly sent response. */
  end(): void;
  /** Sends a part of the body, and then passes the error to the framework. */
  breakOff(error: Error): void | Promise<void>;
  /** Passes the request on. Returns a promise if the framework does. */
  next(): unknown;
}

/** The handler of a step. The framework handles what it throws. */
export type StepHandler = (control: StepControl) => unknown;

/** A step of an application. A request passes through the steps of a list in order. */
export type Step =
  | { readonly kind: 'middleware'; readonly handle: StepHandler }
  /** A route for all methods, with one handler or more. */
  | { readonly kind: 'route'; readonly path: string; readonly handlers: readonly StepHandler[] }
  /** Steps below a path, or in their own router if there is no path. */
  | { readonly kind: 'mount'; readonly path: string | undefined; readonly steps: readonly Step[] }
  /** Handles the errors of all other steps of its list. */
  | { readonly kind: 'errorHandler'; readonly handle: StepHandler };

/** The path of a route that matches everything. An adapter translates it to its framework's syntax. */
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

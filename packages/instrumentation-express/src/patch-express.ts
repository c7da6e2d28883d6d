import { dress, http, type Leave, MountedRequest, startLayer } from '@clew/core/plugin';
import {
  type Dispatch,
  type DispatchError,
  type ExpressLayer,
  type ExpressModule,
  type ExpressRequest,
  type Handle,
  isFailure,
  isHandler,
  type LayerClass,
  type Next,
  type Path,
  type Register,
  takes,
} from './express.ts';
import type { ExpressTools } from './express-instrumentation.ts';
import { dispatchWatched } from './handler-promise.ts';
import { viewOf } from './layer-view.ts';
import { pathReader } from './matched-path.ts';
import { setVisit, visitOf } from './visit.ts';

/** The paths that layers are mounted at, except for the root. Express keeps only the expressions made of them. */
const mounts = new WeakMap<ExpressLayer, Path>();

/** The main export is enough: a router that the plugin creates leads to the classes inside Express. */
export function patchExpress(moduleExports: unknown, tools: ExpressTools): void {
  const { Router } = moduleExports as ExpressModule;
  const probe = Router();
  probe.use(() => {});
  const { constructor: Layer } = probe.stack[0] as unknown as { constructor: LayerClass };
  const routers = Object.hasOwn(Router, 'use') ? Router : Router.prototype;

  tools.wrap(routers, 'use', rememberMounts);
  tools.wrap(routers, 'param', matchBeforeParam);
  tools.wrap(routers, 'handle', (handle: Handle) => visitRouter(handle));
  const [request, error] =
    'handleRequest' in Layer.prototype
      ? ['handleRequest', 'handleError']
      : ['handle_request', 'handle_error'];
  tools.wrap(Layer.prototype, request, (dispatch: Dispatch) => dispatchLayer(tools, Layer, dispatch));
  tools.wrap(Layer.prototype, error, (dispatch: DispatchError) => dispatchError(tools, dispatch));
}

function rememberMounts(use: Register): Register {
  return function (...args) {
    const before = this.stack.length;
    const result = use.apply(this, args);
    let [first] = args;
    while (Array.isArray(first) && first.length > 0) first = first[0];
    const [path] = args;
    if (typeof first !== 'function' && path !== '/') {
      for (const layer of this.stack.slice(before)) mounts.set(layer, path as Path);
    }
    return result;
  };
}

/** Express calls the callbacks of `param` before the layer of the route, and they may respond or fail. */
function matchBeforeParam(param: Register): Register {
  return function (name, callback, ...rest) {
    if (typeof callback !== 'function') return param.call(this, name, callback, ...rest);
    const matching = function (this: unknown, request: ExpressRequest, ...others: unknown[]) {
      const visit = visitOf(request);
      if (visit === undefined) return callback.call(this, request, ...others);
      const { route } = request;
      // Express leaves the route on a request that is passed on.
      if (route !== undefined && !visit.hasLeft(route) && takes(route, request))
        visit.matchPath(String(route.path));
      return visit.goOn(() => callback.call(this, request, ...others));
    };
    return param.call(this, name, dress(matching, callback as () => unknown), ...rest);
  };
}

/** The outermost router starts the visit and sees the errors that no handler has handled. */
function visitRouter(handle: Handle): Handle {
  return function (request, response, out) {
    // The route depends on the response.
    if (typeof out !== 'function' || !response) return handle.call(this, request, response, out);
    const outer = visitOf(request);
    // At the end of a router, Express calls the next layer, or the application is called.
    if (outer !== undefined)
      return handle.call(this, request, response, (error) => outer.goOn(() => out(error)));
    const visit = new MountedRequest(response, request.baseUrl);
    setVisit(request, visit);
    return handle.call(this, request, response, (error) => {
      setVisit(request, undefined);
      if (isFailure(error)) visit.fail(error);
      else visit.leave();
      visit.goOn(() => out(error));
    });
  };
}

function dispatchLayer(tools: ExpressTools, Layer: LayerClass, dispatch: Dispatch): Dispatch {
  const textOfRoute = pathReader(Layer, true);
  const textOfMount = pathReader(Layer, false);

  return function (request, response, next) {
    const { route } = this;
    if (route !== undefined && !takes(route, request)) return dispatch.call(this, request, response, next);
    const mount = route === undefined ? mounts.get(this) : undefined;
    // A function with four parameters handles errors only; Express skips it here.
    const idle =
      this.handle.length > 3 ||
      (route === undefined &&
        mount === undefined &&
        tools.options.layers === 'none' &&
        !isLaterHandler(this, request));
    const visit = idle ? undefined : visitOf(request);
    if (visit === undefined) return dispatch.call(this, request, response, next);
    if (route !== undefined) {
      visit.matchPath(textOfRoute(route.path, () => http.withoutQuery(request.url)));
      return dispatch.call(this, request, response, (error) => {
        if (isFailure(error)) visit.fail(error);
        else visit.leave(route);
        next(error);
      });
    }
    let leave: Leave | undefined;
    if (mount !== undefined) {
      const before = visit.mount;
      visit.enterMount(
        textOfMount(mount, () => request.baseUrl.slice(before.url.length) || '/'),
        request.baseUrl,
      );
      leave = (error) => {
        visit.mount = before;
        if (!isFailure(error)) visit.leave();
      };
    }
    return runLayer({ tools, layer: this, visit, request, next, leave }, (layer, passOn) =>
      dispatch.call(layer, request, response, passOn),
    );
  };
}

/** Express calls this for every layer after an error; only functions with four parameters handle it. */
function dispatchError(tools: ExpressTools, dispatch: DispatchError): DispatchError {
  return function (error, request, response, next) {
    const visit = visitOf(request);
    visit?.fail(error);
    if (visit === undefined || this.handle.length !== 4) {
      return dispatch.call(this, error, request, response, next);
    }
    const leave: Leave = (passed) => {
      if (isFailure(passed)) return;
      visit.recover();
      if (!isHandler(this)) visit.leave();
    };
    return runLayer({ tools, layer: this, visit, request, next, leave }, (layer, passOn) =>
      dispatch.call(layer, error, request, response, passOn),
    );
  };
}

interface LayerCall {
  readonly tools: ExpressTools;
  readonly layer: ExpressLayer;
  readonly visit: MountedRequest;
  readonly request: ExpressRequest;
  readonly next: Next;
  readonly leave: Leave | undefined;
}

/** Calls a layer, with a span if the options ask for one. */
function runLayer(
  { tools, layer, visit, request, next, leave }: LayerCall,
  dispatch: (layer: ExpressLayer, next: Next) => unknown,
): unknown {
  // With `leave`, the visit has looked for the server request already.
  if (leave === undefined) visit.findServerRequest();
  const { options } = tools;
  const view = options.layers === 'none' ? undefined : viewOf(layer, visit.matched, options);
  const run =
    view === undefined || view.ignored
      ? undefined
      : startLayer(tools, view, { request, route: visit.matched ?? '/', layerType: view.type }, visit.onward);
  if (run === undefined) {
    const passOn = leave === undefined ? next : nextAfter(leave, next, request);
    return visit.goOn(() => dispatch(layer, passOn));
  }
  visit.callLayer(run, leave, isFailure, (ending) => {
    const passOn = nextAfter(ending, next, request);
    return dispatchWatched(layer, (watched) => dispatch(watched, passOn));
  });
  return undefined;
}

/** The `next` of one layer. Express also stores its own in `request.next`, where `response.format()` finds it. */
function nextAfter(leave: Leave, next: Next, request: ExpressRequest): Next {
  const isShared = request.next === next;
  const passOn: Next = (error) => {
    if (isShared) request.next = next;
    leave(error);
    return next(error);
  };
  if (isShared) request.next = passOn;
  return passOn;
}

/** Whether other handlers of the route have run before: they may have created a server request. */
function isLaterHandler(layer: ExpressLayer, { route }: ExpressRequest): boolean {
  return isHandler(layer) && route !== undefined && route.stack[0] !== layer;
}

import type { ServerResponse } from 'node:http';
import { dress, type FrameworkTools, http, type Leave } from '@clew/core/plugin';
import { callLayer, nextAfter } from './call-layer.ts';
import {
  type ExpressLayer,
  type ExpressLayerInfo,
  type ExpressRequest,
  errorOf,
  express,
  isHandler,
  type LayerClass,
  type Next,
  type Path,
  takes,
} from './express.ts';
import { pathReader } from './matched-path.ts';

interface Router {
  readonly stack: readonly ExpressLayer[];
  use(handler: () => void): unknown;
}
type Register = (this: Router, ...args: unknown[]) => unknown;
type Handle = (this: Router, request: ExpressRequest, response: ServerResponse, out: Next) => unknown;
type Dispatch<Before extends unknown[] = []> = (
  this: ExpressLayer,
  ...args: [...Before, request: ExpressRequest, response: ServerResponse, next: Next]
) => unknown;
type DispatchError = Dispatch<[error: unknown]>;

/** The main export is enough: a router that the plugin creates leads to the classes inside Express. */
export function patchExpress(moduleExports: unknown, tools: FrameworkTools<ExpressLayerInfo>): void {
  const { Router } = moduleExports as { readonly Router: (() => Router) & { readonly prototype: object } };
  const probe = Router();
  probe.use(() => {});
  const { constructor: Layer } = probe.stack[0] as unknown as { constructor: LayerClass };
  const routers = Object.hasOwn(Router, 'use') ? Router : Router.prototype;
  const isExpress5 = 'handleRequest' in Layer.prototype;

  express.enable(tools);
  tools.wrap(routers, 'use', rememberMounts);
  tools.wrap(routers, 'param', matchBeforeParam);
  tools.wrap(routers, 'handle', takeRequest);
  tools.wrap(Layer.prototype, isExpress5 ? 'handleRequest' : 'handle_request', (dispatch: Dispatch) =>
    traceLayers(Layer, dispatch),
  );
  tools.wrap(Layer.prototype, isExpress5 ? 'handleError' : 'handle_error', traceErrorHandlers);
}

/** The paths that layers are mounted at, except for the root. Express keeps only the expressions made of them. */
const mounts = new WeakMap<ExpressLayer, Path>();

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
      const routed = express.of(request);
      if (routed === undefined) return callback.call(this, request, ...others);
      const { route } = request;
      // Express leaves the route on a request that is passed on.
      if (route !== undefined && !routed.hasLeft(route) && takes(route, request))
        routed.matchPath(String(route.path));
      return routed.goOn(() => callback.call(this, request, ...others));
    };
    return param.call(this, name, dress(matching, callback as () => unknown), ...rest);
  };
}

/** The outermost router takes the request, and sees the errors that no handler has handled. */
function takeRequest(handle: Handle): Handle {
  return function (request, response, out) {
    // The route depends on the response.
    if (typeof out !== 'function' || !response) return handle.call(this, request, response, out);
    const outer = express.of(request);
    const routed = outer ?? express.take(request, new http.MountedRequest(response, request.baseUrl));
    if (routed === undefined) return handle.call(this, request, response, out);
    // At the end of a router, Express calls the next layer, or the application is called.
    return handle.call(this, request, response, (argument) => {
      if (outer === undefined) {
        express.release(request);
        routed.leave(errorOf(argument));
      }
      routed.goOn(() => out(argument));
    });
  };
}

function traceLayers(Layer: LayerClass, dispatch: Dispatch): Dispatch {
  const textOfRoute = pathReader(Layer, true);
  const textOfMount = pathReader(Layer, false);

  return function (request, response, next) {
    const routed = isSeen(this, request) ? express.of(request) : undefined;
    if (routed === undefined) return dispatch.call(this, request, response, next);
    const { route } = this;
    if (route !== undefined) {
      routed.matchPath(textOfRoute(route.path, () => http.withoutQuery(request.url)));
      const leave = (error: unknown) => routed.leave(error, route);
      return dispatch.call(this, request, response, nextAfter(leave, next, request));
    }
    const path = mounts.get(this);
    const { baseUrl } = request;
    const urlOfMount = () => baseUrl.slice(routed.mount.url.length) || '/';
    const leave = path === undefined ? undefined : routed.enterMount(textOfMount(path, urlOfMount), baseUrl);
    return callLayer({ layer: this, routed, request, next, leave }, (layer, passOn) =>
      dispatch.call(layer, request, response, passOn),
    );
  };
}

/** Whether a layer changes the route, may have a span, or follows one that may have created a server request. */
function isSeen(layer: ExpressLayer, request: ExpressRequest): boolean {
  const { route, handle } = layer;
  if (route !== undefined) return takes(route, request);
  // A function with four parameters handles errors only; Express skips it here.
  if (handle.length > 3) return false;
  const isLaterHandler = isHandler(layer) && request.route !== undefined && request.route.stack[0] !== layer;
  return isLaterHandler || express.hasLayers || mounts.has(layer);
}

/** Express calls this for every layer after an error; only functions with four parameters handle it. */
function traceErrorHandlers(dispatch: DispatchError): DispatchError {
  return function (error, request, response, next) {
    const routed = express.of(request);
    routed?.fail(error);
    if (routed === undefined || this.handle.length !== 4) {
      return dispatch.call(this, error, request, response, next);
    }
    const leave: Leave = (passed) => {
      if (passed === undefined) routed.recover();
      if (!isHandler(this)) routed.leave(passed);
    };
    return callLayer({ layer: this, routed, request, next, leave }, (layer, passOn) =>
      dispatch.call(layer, error, request, response, passOn),
    );
  };
}
